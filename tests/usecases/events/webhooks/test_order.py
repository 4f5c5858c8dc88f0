"""Events of one verification reach an endpoint in their order, and nothing else waits for them."""

from datetime import timedelta
from uuid import UUID

from domain.events.webhooks.endpoint import DisabledReason
from domain.events.webhooks.way import Answer
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import OK, Hooks


async def test_the_events_of_a_verification_are_delivered_by_their_numbers(hooks: Hooks) -> None:
    await hooks.endpoint()
    seqs = [await hooks.event(1) for _ in range(5)]
    await hooks.run()
    assert hooks.receiver.seqs() == seqs
    assert [each.event["n"] for each in hooks.receiver.sent] == [1, 2, 3, 4, 5]


async def test_a_later_event_is_not_claimed_while_an_earlier_one_is_under_way(hooks: Hooks) -> None:
    await hooks.endpoint()
    first, _second = await hooks.event(1), await hooks.event(1)
    await hooks.fan_out()
    assert [each.event.seq for each in await hooks.claim()] == [first]
    assert await hooks.claim() == []


async def test_a_blocked_event_keeps_its_due_time_and_goes_at_once_behind_the_earlier_one(
    hooks: Hooks,
) -> None:
    # Seen elsewhere: the order guard shared the retry's pause, and events were days late (polar#9525).
    await hooks.endpoint()
    answers = iter([Answer(500), Answer(500), OK, OK])
    hooks.receiver.answer = lambda _way, _event: next(answers)
    first, second = await hooks.event(1), await hooks.event(1)
    await hooks.run()
    for pause in (5, 30):
        assert hooks.receiver.seqs()[-1] == first
        assert (await hooks.due())[1] == timedelta(0), "the blocked one is due all the time"
        hooks.clock.go_on(timedelta(seconds=pause))
        await hooks.run()
    assert hooks.receiver.seqs() == [first, first, first, second]
    assert hooks.receiver.sent[3].at == hooks.receiver.sent[2].at


async def test_another_verification_is_not_held_up(hooks: Hooks) -> None:
    await hooks.endpoint()
    blocked, other = await hooks.event(1), await hooks.event(2)
    hooks.receiver.answer = lambda _way, event: Answer(500) if event["seq"] == blocked else OK
    behind = await hooks.event(1)
    await hooks.run()
    assert hooks.receiver.seqs() == [blocked, other]
    assert behind not in hooks.receiver.seqs()
    assert await hooks.states() == [("pending", "status_500"), ("delivered", None), ("pending", None)]


async def test_another_endpoint_is_not_held_up(hooks: Hooks) -> None:
    await hooks.endpoint(1)
    await hooks.endpoint(2)
    hooks.receiver.answer = lambda way, _event: OK if way.url.endswith("2") else Answer(500)
    seqs = [await hooks.event(1), await hooks.event(1)]
    await hooks.run()
    assert hooks.receiver.seqs("https://shop.example/1") == seqs[:1]
    assert hooks.receiver.seqs("https://shop.example/2") == seqs


async def test_an_exhausted_event_lets_the_next_one_go(hooks: Hooks) -> None:
    await hooks.endpoint(schedule=())
    first, second = await hooks.event(1), await hooks.event(1)
    hooks.receiver.answer = lambda _way, event: Answer(500) if event["seq"] == first else OK
    await hooks.run()
    assert hooks.receiver.seqs()[:2] == [first, second]


async def test_each_endpoint_gets_what_it_selects_once(hooks: Hooks) -> None:
    await hooks.endpoint(1, types=("verification.*",))
    await hooks.endpoint(2, types=("verification.rejected", "dead_letter.created"))
    await hooks.endpoint(3, types=("*",), outcomes=("approved",))
    await hooks.endpoint(4, app_id="other")
    approved = await hooks.event(1)
    rejected = await hooks.event(2, kind="verification.rejected", outcome="rejected")
    letter = await hooks.event(3, kind="dead_letter.created", outcome=None)
    await hooks.event(4, kind="endpoint.test")
    for _ in range(2):
        await hooks.fan_out()
    found = await hooks.rows("SELECT endpoint_id, seq FROM deliveries ORDER BY endpoint_id, seq")
    assert found == [
        (UUID(int=1), approved),
        (UUID(int=1), rejected),
        (UUID(int=2), rejected),
        (UUID(int=2), letter),
        (UUID(int=3), approved),
        (UUID(int=3), letter),
    ]


async def test_fan_out_in_parts_and_by_several_senders_skips_nothing(hooks: Hooks) -> None:
    await hooks.endpoint(1)
    await hooks.endpoint(2)
    seqs = [await hooks.event(n) for n in range(7)]
    while (await hooks.deliveries.fan_out(now=NOW, limit=2)).more:
        pass
    rows = await hooks.rows("SELECT seq FROM deliveries WHERE endpoint_id = :id ORDER BY seq", id=UUID(int=2))
    assert [seq for (seq,) in rows] == seqs


async def test_a_pending_delivery_has_a_due_time_and_no_other_has_one(hooks: Hooks) -> None:
    # Seen elsewhere: deliveries in a state that nothing takes up again (convoy#1977).
    [(count,)] = await hooks.rows(
        "SELECT count(*) FROM pg_constraint WHERE conname = 'deliveries_due'"
        " AND pg_get_constraintdef(oid) LIKE '%pending%due_at IS NOT NULL%'"
    )
    assert count == 1


async def test_an_endpoint_gets_the_events_from_its_creation_and_from_its_enabling_on(hooks: Hooks) -> None:
    await hooks.event(1)
    endpoint = await hooks.endpoint()
    second = await hooks.event(2)
    await hooks.run()
    await hooks.endpoints.disable(endpoint.id, None, reason=DisabledReason.BY_HAND, now=NOW)
    await hooks.event(3)
    await hooks.run()
    await hooks.endpoints.enable(endpoint.id, None, now=NOW)
    fourth = await hooks.event(4)
    await hooks.run()
    assert hooks.receiver.seqs() == [second, fourth]


async def test_an_event_of_a_type_that_only_a_newer_version_knows_is_delivered_in_its_place(
    hooks: Hooks,
) -> None:
    await hooks.endpoint()
    seqs = [await hooks.event(1, kind=f"verification.{kind}") for kind in ("approved", "sealed", "erased")]
    await hooks.run()
    assert hooks.receiver.seqs() == seqs
    assert hooks.receiver.sent[1].event["type"] == "verification.sealed"
