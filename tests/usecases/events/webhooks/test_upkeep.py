"""Deleted events, lost hints and clocks that differ neither stop deliveries nor repeat them."""

from datetime import timedelta

from msgspec.structs import replace

from adapters.store.event_upkeep import PgEventUpkeep
from domain.events.webhooks.delivery import KEPT_FOR
from domain.events.webhooks.endpoint import Endpoint
from domain.events.webhooks.way import Answer
from domain.people.actor import Actor
from domain.views.deliveries import DeliveryFilter
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import OK, Hooks
from usecases.events.webhooks.redeliver import Redeliveries


async def forget_all(hooks: Hooks) -> None:
    hooks.clock.go_on(timedelta(seconds=5))
    await PgEventUpkeep(hooks.engine).forget(before=hooks.clock(), limit=1000)


async def test_a_delivery_whose_event_is_deleted_ends_and_takes_no_place(hooks: Hooks) -> None:
    await hooks.endpoint(max_in_flight=1)
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.event(1)
    await hooks.run()
    await forget_all(hooks)
    hooks.receiver.answer = lambda _way, _event: OK
    later = await hooks.event(1)
    for _ in range(2):
        await hooks.run()
    assert await hooks.states() == [("failed", "event_deleted"), ("delivered", None)]
    assert hooks.receiver.seqs()[1:] == [later]


async def test_an_event_is_kept_until_a_sender_has_seen_it(hooks: Hooks) -> None:
    await hooks.endpoint()
    seq = await hooks.event(1)
    await forget_all(hooks)
    await hooks.run()
    assert hooks.receiver.seqs() == [seq]
    await forget_all(hooks)
    assert await hooks.rows("SELECT count(*) FROM events") == [(0,)]


async def test_a_redelivery_of_a_deleted_event_ends(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()
    await forget_all(hooks)
    [view] = await hooks.desk.page(DeliveryFilter(("demo",)), limit=9)
    await hooks.desk.redeliver_one(view.id, ["demo"], now=hooks.clock())
    await hooks.run()
    assert await hooks.states() == [("failed", "event_deleted")]


async def test_without_hints_new_events_are_found_beside_deliveries_that_end_all_the_time(
    hooks: Hooks,
) -> None:
    await hooks.endpoint()
    loop = hooks.loop()
    await loop.deliver_due()
    seq = await hooks.event(1)
    await loop.deliver_due()
    assert hooks.receiver.sent == [], "no hint, and it has looked a moment ago"
    hooks.clock.go_on(timedelta(seconds=1))
    await loop.deliver_due()
    await loop.idle()
    assert hooks.receiver.seqs() == [seq]


async def test_a_change_by_a_process_whose_clock_is_behind_is_seen(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()

    def moved(found: Endpoint) -> Endpoint:
        settings = replace(found.settings, url="https://shop.example/moved")
        return replace(found, settings=settings, updated_at=found.updated_at - timedelta(seconds=5))

    await hooks.endpoints.change(endpoint.id, None, moved)
    await hooks.event(1)
    await hooks.run()
    assert [each.url for each in hooks.receiver.sent] == [
        "https://shop.example/1",
        "https://shop.example/moved",
    ]


async def test_what_was_delivered_is_not_recovered_when_its_delivery_is_deleted(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()
    hooks.clock.go_on(KEPT_FOR + timedelta(days=1))
    await hooks.loop().clear_away()
    assert await hooks.states() == []
    redeliveries = Redeliveries(hooks.desk, hooks.endpoints, clock=hooks.clock)
    assert (await redeliveries.recover(endpoint.id, None, since=NOW, actor=Actor.command("test"))).count == 0
