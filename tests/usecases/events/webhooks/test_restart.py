"""Recovery and redelivery: in order, at a bounded rate, of what was not delivered."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.errors import TooManyDeliveries
from domain.events.event import EventType
from domain.events.webhooks.delivery import DeliveryState
from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.way import Answer
from domain.people.actor import Actor, ActorKind
from domain.views.deliveries import DeliveryFilter, Recovery, Restarted
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import OK, Hooks
from usecases.events.webhooks import redeliver
from usecases.events.webhooks.redeliver import Redeliveries

ACTOR = Actor(ActorKind.COMMAND, "root")
ALL = DeliveryFilter(("demo",))


async def recover(hooks: Hooks, *, since: timedelta, rate: float = 1000, limit: int = 100) -> int:
    what = Recovery(UUID(int=1), NOW + since, None, hooks.clock(), rate)
    after = await hooks.desk.beginning(NOW + since)
    return (await hooks.desk.recover(what, list(EventType), after=after, limit=limit)).count


def redeliveries(hooks: Hooks) -> Redeliveries:
    return Redeliveries(hooks.desk, hooks.endpoints, clock=hooks.clock)


async def test_what_an_endpoint_missed_is_recovered_in_order_at_the_rate(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    hooks.receiver.answer = lambda _way, _event: Answer(410)
    seqs = [await hooks.event(1)]
    await hooks.run()
    hooks.clock.go_on(timedelta(minutes=1))
    seqs += [await hooks.event(verification) for verification in (1, 2, 1)]
    await hooks.endpoints.enable(endpoint.id, None, now=hooks.clock())
    await hooks.fan_out()
    await hooks.rows("SELECT 1")
    hooks.receiver.sent.clear()
    hooks.receiver.answer = lambda _way, _event: OK
    await recover(hooks, since=timedelta(0), rate=1)
    due = await hooks.due()
    assert due == sorted(due, key=lambda each: each or timedelta(0))
    for _ in range(6):
        await hooks.run()
        hooks.clock.go_on(timedelta(seconds=1))
    assert hooks.receiver.seqs() == seqs
    times = [each.at for each in hooks.receiver.sent]
    assert min(later - earlier for earlier, later in pairwise(times)) >= timedelta(seconds=1)


async def test_what_was_delivered_is_not_recovered(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()
    assert await recover(hooks, since=timedelta(0)) == 0


async def test_events_before_the_time_are_not_recovered(hooks: Hooks) -> None:
    await hooks.endpoint(schedule=())
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.event(1)
    hooks.clock.go_on(timedelta(hours=1))
    await hooks.event(2)
    await hooks.run()
    assert await recover(hooks, since=timedelta(minutes=30)) == 1


async def test_a_recovery_goes_through_the_log_in_windows(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeliver, "WINDOW", 2)
    monkeypatch.setattr(redeliver, "MOST", 3)
    await hooks.endpoint(schedule=(), max_rate=1)
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    for verification in range(4):
        await hooks.event(verification)
    for _ in range(4):
        await hooks.run()
        hooks.clock.go_on(timedelta(seconds=1))
    first = await redeliveries(hooks).recover(UUID(int=1), None, since=NOW, actor=ACTOR)
    assert (first.count, first.more) == (3, True)
    rest = await redeliveries(hooks).recover(
        UUID(int=1), None, since=NOW, ended_before=first.ended_before, actor=ACTOR
    )
    assert (rest.count, rest.more) == (1, False)
    assert await hooks.due() == [timedelta(seconds=4 + n) for n in (1, 2, 3, 4)]


async def test_the_beginning_of_a_recovery_leaves_no_event_since_then_out(hooks: Hooks) -> None:
    seqs = []
    for _ in range(20):
        hooks.clock.go_on(timedelta(minutes=30))
        seqs.append(await hooks.event(1))
    assert await hooks.desk.beginning(NOW + timedelta(hours=5)) == seqs[6]
    assert await hooks.desk.beginning(NOW - timedelta(days=1)) == seqs[0] - 1
    assert await hooks.desk.beginning(NOW + timedelta(days=1)) == seqs[-1]


async def test_a_redelivery_in_parts_ends_though_what_was_delivered_is_delivered_again(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeliver, "MOST", 2)
    await hooks.endpoint()
    seqs = [await hooks.event(verification) for verification in range(5)]
    await hooks.run()
    hooks.receiver.sent.clear()
    which = DeliveryFilter(("demo",), UUID(int=1), DeliveryState.DELIVERED)
    hooks.clock.go_on(timedelta(seconds=1))
    which = replace(which, ended_before=(await redeliveries(hooks).count(which)).ended_before)
    counts, more = [], True
    while more:
        hooks.clock.go_on(timedelta(seconds=1))
        done = await redeliveries(hooks).all(which, actor=ACTOR)
        assert done.ended_before == which.ended_before
        more = done.more
        counts.append(done.count)
        await hooks.run()
    assert counts == [2, 2, 1]
    hooks.clock.go_on(timedelta(seconds=1))
    await hooks.run()
    assert hooks.receiver.seqs() == seqs


async def test_a_redelivery_that_would_never_end_is_refused_before_it_begins(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hooks.endpoint()
    for verification in range(3):
        await hooks.event(verification)
    await hooks.run()
    which = DeliveryFilter(("demo",), UUID(int=1), DeliveryState.DELIVERED)
    monkeypatch.setattr(redeliver, "MOST", 2)

    with pytest.raises(TooManyDeliveries) as refused:
        await redeliveries(hooks).all(which, actor=ACTOR)

    assert refused.value.ended_before == hooks.clock()
    assert await hooks.states() == [("delivered", None)] * 3
    monkeypatch.setattr(redeliver, "MOST", 3)
    assert await redeliveries(hooks).all(which, actor=ACTOR) == Restarted(3, hooks.clock(), more=True)


async def test_a_disabled_endpoint_is_not_recovered(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.endpoints.disable(endpoint.id, None, reason=DisabledReason.BY_HAND, now=NOW)
    assert await recover(hooks, since=timedelta(0)) == 0


async def test_a_redelivery_starts_the_schedule_again_and_keeps_the_id_and_the_attempts(
    hooks: Hooks,
) -> None:
    await hooks.endpoint(schedule=(timedelta(seconds=5),))
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.event(1)
    await hooks.run()
    hooks.clock.go_on(timedelta(seconds=6))
    await hooks.run()
    assert await hooks.states() == [("failed", "status_500")]
    [view] = await hooks.desk.page(ALL, limit=9)
    assert await hooks.desk.redeliver_one(view.id, ["demo"], now=hooks.clock())
    await hooks.run()
    assert await hooks.states() == [("pending", "status_500")], "the schedule has begun again"
    hooks.receiver.answer = lambda _way, _event: OK
    hooks.clock.go_on(timedelta(seconds=6))
    await hooks.run()
    shown = await hooks.desk.find(view.id, ["demo"])
    assert shown is not None
    assert [each.status for each in shown.attempts] == [500, 500, 500, 200]
    assert len({each.headers["webhook-id"] for each in hooks.receiver.sent}) == 1
    assert len({each.headers["webhook-signature"] for each in hooks.receiver.sent}) == 3, (
        "signed at each time"
    )


async def test_nothing_of_another_app_is_shown_or_redelivered(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event(1)
    await hooks.fan_out()
    [view] = await hooks.desk.page(ALL, limit=9)
    assert await hooks.desk.find(view.id, ["other"]) is None
    assert await hooks.desk.redeliver_one(view.id, ["other"], now=NOW) is None
    assert await hooks.desk.page(DeliveryFilter(("other",)), limit=9) == []
    assert await hooks.desk.page(DeliveryFilter(("other",), view.endpoint_id), limit=9) == []


async def test_a_delivery_of_a_disabled_endpoint_is_not_redelivered(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint()
    await hooks.event(1)
    await hooks.run()
    await hooks.endpoints.disable(endpoint.id, None, reason=DisabledReason.BY_HAND, now=NOW)
    [view] = await hooks.desk.page(ALL, limit=9)
    assert await hooks.desk.redeliver_one(view.id, ["demo"], now=NOW) is False
    assert await hooks.states() == [("delivered", None)]


async def test_a_delivery_under_way_is_not_sent_twice_by_a_redelivery(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event(1)
    await hooks.fan_out()
    [claimed] = await hooks.claim()
    assert await hooks.desk.redeliver_one(claimed.lease.delivery_id, ["demo"], now=NOW)
    assert await hooks.claim() == []


async def test_failed_deliveries_are_redelivered_by_filter_in_order_at_the_rate(hooks: Hooks) -> None:
    await hooks.endpoint(schedule=())
    hooks.receiver.answer = lambda _way, event: Answer(500) if event["biz_id"] != "2" else OK
    for verification in range(4):
        await hooks.event(verification)
    await hooks.run()
    failed = DeliveryFilter(("demo",), UUID(int=1), DeliveryState.FAILED)
    assert await hooks.desk.count(failed, most=100) == 3
    assert await hooks.desk.count(failed, most=2) == 2
    done = await hooks.desk.redeliver(failed, now=hooks.clock(), rate=1, limit=2)
    assert done == 2
    assert await hooks.due() == [timedelta(0), timedelta(seconds=1), None, None]
    rest = await hooks.desk.redeliver(failed, now=hooks.clock(), rate=1, limit=2)
    assert rest == 1
    assert await hooks.due() == [timedelta(0), timedelta(seconds=1), None, timedelta(seconds=2)]


async def test_only_what_a_redelivery_would_start_again_is_counted(hooks: Hooks) -> None:
    endpoint = await hooks.endpoint(schedule=())
    hooks.receiver.answer = lambda _way, _event: Answer(500)
    await hooks.event(1)
    await hooks.run()
    await hooks.event(2)
    await hooks.fan_out()
    pending = DeliveryFilter(("demo",), None, DeliveryState.PENDING)
    assert await hooks.desk.count(pending, most=100) == 0
    failed = DeliveryFilter(("demo",), None, DeliveryState.FAILED)
    assert await hooks.desk.count(failed, most=100) == 1
    await hooks.endpoints.disable(endpoint.id, None, reason=DisabledReason.BY_HAND, now=NOW)
    assert await hooks.desk.count(failed, most=100) == 0


async def test_pages_are_newest_first_and_continue_behind_a_cursor(hooks: Hooks) -> None:
    await hooks.endpoint(schedule=())
    for verification in range(5):
        hooks.clock.go_on(timedelta(seconds=1))
        hooks.receiver.answer = lambda _way, _event: OK
        if verification % 2:
            hooks.receiver.answer = lambda _way, _event: Answer(500)
        await hooks.event(verification)
        await hooks.run()
    whole = await hooks.desk.page(ALL, limit=9)
    assert [each.created_at for each in whole] == sorted((each.created_at for each in whole), reverse=True)
    first = await hooks.desk.page(ALL, limit=2)
    rest = await hooks.desk.page(ALL, limit=9, after=(first[-1].created_at, first[-1].id))
    assert [*first, *rest] == whole
    of_endpoint = DeliveryFilter(
        ("demo",), UUID(int=1), DeliveryState.FAILED, since=NOW + timedelta(seconds=3)
    )
    assert [each.error for each in await hooks.desk.page(of_endpoint, limit=9)] == ["status_500"]
