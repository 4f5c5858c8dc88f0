"""Batches are claimed under a lease, many at once, and stay until every callback of them is recorded."""

import asyncio
from datetime import timedelta

from domain.verifications.records import Claim
from tests.support.storage.stores import callback, payload
from tests.usecases.ports.queues import PortsOfRedis

MINUTE = timedelta(minutes=1)
BATCH = [callback(), callback(payload(2))]


def ids(claim: Claim) -> list[str]:
    return [batch.batch_id for batch in claim.batches]


async def claim(queue: PortsOfRedis, *, limit: int = 100) -> list[str]:
    return ids(await queue.inbox.claim(lease=MINUTE, limit=limit))


async def test_an_empty_inbox_gives_nothing(queue: PortsOfRedis) -> None:
    assert await queue.inbox.claim(lease=MINUTE) == Claim([], left=0)


async def test_a_claim_returns_the_batches_that_were_put(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    [batch] = (await queue.inbox.claim(lease=MINUTE)).batches
    assert (batch.batch_id, batch.starts, batch.callbacks) == ("b1.2", 0, BATCH)


async def test_a_claimed_batch_cannot_be_claimed_again_until_its_lease_ends(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    assert await claim(queue) == ["b1.2"]
    assert await claim(queue) == []
    await queue.lapse("b1.2")
    assert await claim(queue) == ["b1.2"]


async def test_a_renewed_lease_continues_and_still_counts_as_one_start(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    await claim(queue)
    await queue.lapse("b1.2")
    await queue.inbox.renew(["b1.2"], lease=MINUTE)
    assert await claim(queue) == []
    await queue.lapse("b1.2")
    [batch] = (await queue.inbox.claim(lease=MINUTE)).batches
    assert batch.starts == 1


async def test_renewing_restores_nothing_and_claims_nothing(queue: PortsOfRedis) -> None:
    for batch_id in ("b1.2", "b2.2"):
        await queue.inbox.hand_over(batch_id, BATCH)
    assert await claim(queue, limit=2) == ["b1.2"]
    await queue.inbox.finish(["b1.2"])
    await queue.inbox.renew(["b1.2", "b2.2"], lease=MINUTE)
    assert await queue.inbox.depth() == 1
    assert await claim(queue) == ["b2.2"]


async def test_a_finished_batch_is_gone_and_finishing_it_again_is_harmless(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    await claim(queue)
    for _ in range(2):
        await queue.inbox.finish(["b1.2"])
        assert await queue.inbox.depth() == 0
    await queue.inbox.hand_over("b1.2", BATCH)
    [batch] = (await queue.inbox.claim(lease=MINUTE)).batches
    assert batch.starts == 0, "its starts are forgotten with it"


async def test_a_claim_first_deletes_finished_batches(queue: PortsOfRedis) -> None:
    for batch_id in ("b1.2", "b2.2"):
        await queue.inbox.hand_over(batch_id, BATCH)
    assert await claim(queue, limit=2) == ["b1.2"]
    assert ids(await queue.inbox.claim(lease=MINUTE, finished=["b1.2"])) == ["b2.2"]
    assert await queue.inbox.depth() == 1


async def test_batches_come_oldest_first_up_to_the_limit(queue: PortsOfRedis) -> None:
    for number in range(5):
        await queue.inbox.hand_over(f"b{number}.2", BATCH)
        await queue.age(f"b{number}.2", minutes=10 - number)
    first = await queue.inbox.claim(lease=MINUTE, limit=2 * len(BATCH))
    assert ids(first) == ["b0.2", "b1.2"]
    assert first.left > 0
    rest = await queue.inbox.claim(lease=MINUTE)
    assert (ids(rest), rest.left) == (["b2.2", "b3.2", "b4.2"], 0)


async def test_a_batch_above_the_limit_comes_alone(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    assert await claim(queue, limit=1) == ["b1.2"]


async def test_written_twice_it_is_one_batch(queue: PortsOfRedis) -> None:
    for _ in range(2):
        await queue.inbox.hand_over("b1.2", BATCH)
    assert await queue.inbox.depth() == 1
    assert await claim(queue) == ["b1.2"]


async def test_an_unfinished_batch_is_claimed_first_and_alone(queue: PortsOfRedis) -> None:
    for batch_id in ("b1.2", "b2.2"):
        await queue.inbox.hand_over(batch_id, BATCH)
    assert await claim(queue) == ["b1.2", "b2.2"]
    await queue.inbox.hand_over("b3.2", BATCH)
    for batch_id in ("b1.2", "b2.2"):
        await queue.lapse(batch_id)
    groups = [await queue.inbox.claim(lease=MINUTE) for _ in range(3)]
    assert sorted(ids(groups[0]) + ids(groups[1])) == ["b1.2", "b2.2"]
    assert [[batch.starts for batch in group.batches] for group in groups] == [[1], [1], [0]]
    assert [group.left > 0 for group in groups] == [True, True, False]


async def test_an_unfinished_batch_joins_no_group(queue: PortsOfRedis) -> None:
    for batch_id in ("b1.2", "b2.2"):
        await queue.inbox.hand_over(batch_id, BATCH)
    assert await claim(queue) == ["b1.2", "b2.2"]
    await queue.inbox.postpone(["b1.2"], pause=MINUTE / 2)
    for batch_id in ("b1.2", "b2.2"):
        await queue.lapse(batch_id)
    assert [await claim(queue) for _ in range(2)] == [["b1.2"], ["b2.2"]]


async def test_starts_count_up_from_claim_to_claim(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    for starts in range(4):
        [batch] = (await queue.inbox.claim(lease=MINUTE)).batches
        assert batch.starts == starts
        await queue.lapse("b1.2")


async def test_a_postponed_batch_rests_and_is_not_suspected(queue: PortsOfRedis) -> None:
    for batch_id in ("b1.2", "b2.2"):
        await queue.inbox.hand_over(batch_id, BATCH)
    await claim(queue)
    await queue.inbox.postpone(["b1.2", "b2.2"], pause=MINUTE)
    assert await claim(queue) == []
    for batch_id in ("b1.2", "b2.2"):
        await queue.lapse(batch_id)
    together = await queue.inbox.claim(lease=MINUTE)
    assert sorted((batch.batch_id, batch.starts) for batch in together.batches) == [("b1.2", 0), ("b2.2", 0)]


async def test_a_finished_batch_cannot_be_postponed(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    await claim(queue)
    await queue.inbox.finish(["b1.2"])
    await queue.inbox.postpone(["b1.2"], pause=timedelta(0))
    assert await queue.inbox.depth() == 0


async def test_a_lease_that_a_wrong_clock_gave_is_not_waited_for(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    await claim(queue)
    await queue.lapse("b1.2", minutes=-60)
    assert await claim(queue) == ["b1.2"]


async def test_parts_take_the_place_of_a_batch_and_come_alone(queue: PortsOfRedis) -> None:
    await queue.inbox.hand_over("b1.2", BATCH)
    await claim(queue)
    await queue.inbox.split("b1.2", BATCH)
    assert await queue.inbox.depth() == 2
    parts = [await queue.inbox.claim(lease=MINUTE) for _ in range(2)]
    assert sorted(ids(parts[0]) + ids(parts[1])) == ["b1.2-0", "b1.2-1"]
    assert [batch.callbacks for part in parts for batch in part.batches] == [BATCH[:1], BATCH[1:]]


async def test_of_many_workers_each_batch_has_one(queue: PortsOfRedis) -> None:
    for number in range(40):
        await queue.inbox.hand_over(f"b{number:02}.2", BATCH)
    claims = await asyncio.gather(*(queue.inbox.claim(lease=MINUTE, limit=6) for _ in range(20)))
    claimed = [batch_id for each in claims for batch_id in ids(each)]
    assert sorted(claimed) == [f"b{number:02}.2" for number in range(40)]


async def test_claiming_does_not_restore_a_batch_that_was_just_finished(queue: PortsOfRedis) -> None:
    for number in range(40):
        await queue.inbox.hand_over(f"b{number}.2", BATCH)
    ends = (queue.inbox.finish([f"b{number}.2"]) for number in range(40))
    await asyncio.gather(*(queue.inbox.claim(lease=MINUTE, limit=8) for _ in range(5)), *ends)
    assert await queue.inbox.depth() == 0
