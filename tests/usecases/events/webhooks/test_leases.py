"""A delivery is one sender's at a time, and a late sender writes nothing."""

import asyncio
from datetime import timedelta

from adapters.store.webhooks.deliveries import PgDeliveries
from domain.errors import ServerAway
from domain.events.webhooks.delivery import Attempt, ClaimedDelivery, DeliveryState, EndedAttempt
from domain.events.webhooks.verdict import Verdict
from domain.events.webhooks.way import Answer
from tests.support.storage.stores import LEASE, NOW
from tests.support.webhooks.hooks import OK, Hooks


def delivered(claimed: ClaimedDelivery, k: int = 1) -> EndedAttempt:
    return EndedAttempt(
        claimed.lease,
        DeliveryState.DELIVERED,
        NOW,
        attempt=Attempt(k, NOW, 3, 200, answer=b"ok"),
        verdict=Verdict.DELIVERED,
    )


async def test_what_a_killed_sender_had_in_hand_is_taken_up_when_its_lease_ends(hooks: Hooks) -> None:
    await hooks.endpoint()
    seq = await hooks.event()
    await hooks.fan_out()
    assert len(await hooks.claim()) == 1
    await hooks.run()
    assert hooks.receiver.seqs() == []
    hooks.clock.go_on(LEASE)
    await hooks.run()
    assert hooks.receiver.seqs() == [seq]
    assert await hooks.states() == [("delivered", None)]


async def test_a_sender_whose_lease_was_taken_writes_nothing_late(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event()
    await hooks.fan_out()
    [slow] = await hooks.claim()
    hooks.clock.go_on(LEASE)
    [quick] = await hooks.claim()
    failed = EndedAttempt(
        quick.lease,
        DeliveryState.PENDING,
        NOW,
        due_at=NOW + LEASE,
        error="timeout",
        attempt=Attempt(1, NOW, 9),
    )
    assert not await hooks.deliveries.finish(delivered(slow)), "another sender has it in hand"
    assert await hooks.deliveries.finish(failed)
    assert not await hooks.deliveries.finish(delivered(slow)), "another sender has ended it"
    assert await hooks.states() == [("pending", "timeout")]
    assert await hooks.rows("SELECT k, ms FROM attempts") == [(1, 9)]


async def test_an_end_is_written_once(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event()
    await hooks.fan_out()
    [claimed] = await hooks.claim()
    assert await hooks.deliveries.finish(delivered(claimed))
    assert not await hooks.deliveries.finish(delivered(claimed))


async def test_one_bad_lease_in_a_group_keeps_no_other_end_from_being_written(hooks: Hooks) -> None:
    await hooks.endpoint()
    for verification in range(3):
        await hooks.event(verification)
    await hooks.fan_out()
    old = await hooks.claim(room=1)
    hooks.clock.go_on(LEASE)
    new = await hooks.claim()
    ends = await asyncio.gather(*(hooks.deliveries.finish(delivered(each)) for each in (*old, *new)))
    assert ends == [False, True, True, True]


async def test_a_result_is_written_again_and_again_while_the_database_is_away(hooks: Hooks) -> None:
    tries = 0

    class Away(PgDeliveries):
        async def finish(self, end: EndedAttempt) -> bool:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise ServerAway
            return await super().finish(end)

    async def wait(seconds: float) -> None:
        hooks.clock.go_on(timedelta(seconds=seconds))

    await hooks.endpoint()
    await hooks.event()
    await hooks.run(hooks.sender(deliveries=Away(hooks.engine), sleep=wait))
    assert len(hooks.receiver.sent) == 1, "sent once"
    assert await hooks.states() == [("delivered", None)]


async def test_at_most_max_in_flight_are_claimed_by_all_senders_together(hooks: Hooks) -> None:
    await hooks.endpoint(max_in_flight=3)
    for verification in range(9):
        await hooks.event(verification)
    await hooks.fan_out()
    first, second = await asyncio.gather(hooks.claim(), hooks.claim())
    assert len(first) + len(second) == 3
    assert await hooks.deliveries.finish(delivered((*first, *second)[0]))
    assert len(await hooks.claim()) == 1


async def test_at_most_max_rate_are_claimed_in_a_second(hooks: Hooks) -> None:
    await hooks.endpoint(max_rate=8.0, max_in_flight=1000)
    for verification in range(100):
        await hooks.event(verification)
    await hooks.fan_out()
    counts = []
    for _ in range(16):
        counts.append(len(await hooks.claim()))
        hooks.clock.go_on(timedelta(seconds=0.25))
    assert sum(counts) == 32, "8 a second for 4 seconds"
    assert max(counts) == 2


async def test_a_rate_below_one_a_second_lets_one_go_at_a_time(hooks: Hooks) -> None:
    await hooks.endpoint(max_rate=0.5)
    for verification in range(9):
        await hooks.event(verification)
    await hooks.fan_out()
    counts = []
    for _ in range(10):
        counts.append(len(await hooks.claim()))
        hooks.clock.go_on(timedelta(seconds=1))
    assert counts == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]


async def test_a_sender_with_little_room_takes_of_every_endpoint(hooks: Hooks) -> None:
    for n in range(1, 4):
        await hooks.endpoint(n)
    for verification in range(9):
        await hooks.event(verification)
    await hooks.fan_out()
    claimed = await hooks.claim(room=3)
    assert {each.lease.endpoint_id.int for each in claimed} == {1, 2, 3}


async def test_each_attempt_is_kept_with_the_head_of_the_answer(hooks: Hooks) -> None:
    await hooks.endpoint()
    await hooks.event()
    answers = iter([Answer(500, head=b"\x00down\xff"), OK])
    hooks.receiver.answer = lambda _way, _event: next(answers)
    await hooks.run()
    hooks.clock.go_on(timedelta(seconds=5))
    await hooks.run()
    rows = await hooks.rows("SELECT k, status, fault, error, answer FROM attempts ORDER BY k")
    assert rows == [(1, 500, "receiver", "status_500", b"\x00down\xff"), (2, 200, None, None, None)]
