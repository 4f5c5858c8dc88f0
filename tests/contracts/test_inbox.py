"""The inbox keeps batches until they are finished, and hands out again what nobody touches."""

import asyncio
from datetime import timedelta

from domain.model import CallbackKind
from tests.adapters.builders import callback, payload
from tests.contracts.queues import PortsOfRedis

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(seconds=-1)
"""Untouched for less than nothing: every batch is stale."""

BATCH = [callback(), callback(payload(2), app_id="other", kind=CallbackKind.RETURN, secret_index=1)]


async def test_a_batch_comes_back_as_it_was_put(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    assert await queue.inbox.load("b1") == BATCH
    assert await queue.inbox.start("b1") == BATCH
    assert await queue.inbox.depth() == 1


async def test_an_unknown_batch_is_none(queue: PortsOfRedis) -> None:
    assert await queue.inbox.load("b1") is None
    assert await queue.inbox.start("b1") is None
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {}


async def test_a_finished_batch_is_gone(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    for _ in range(2):
        await queue.inbox.finish("b1")
        assert await queue.inbox.load("b1") is None
        assert await queue.inbox.depth() == 0


async def test_a_finished_batch_that_is_put_again_has_never_been_begun(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    await queue.inbox.start("b1")
    await queue.inbox.finish("b1")
    await queue.inbox.put("b1", BATCH)
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {"b1": 0}


async def test_writing_a_batch_twice_is_harmless_and_keeps_its_count(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    await queue.inbox.start("b1")
    await queue.inbox.put("b1", BATCH)
    assert await queue.inbox.depth() == 1
    assert await queue.inbox.load("b1") == BATCH
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {"b1": 1}


async def test_parts_take_the_place_of_a_batch_and_count_their_own_starts(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    await queue.inbox.start("b1")
    await queue.inbox.replace("b1", {"b1-0": BATCH[:1], "b1-1": BATCH[1:]})
    assert await queue.inbox.load("b1") is None
    assert await queue.inbox.load("b1-0") == BATCH[:1]
    assert await queue.inbox.load("b1-1") == BATCH[1:]
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {"b1-0": 0, "b1-1": 0}


async def test_a_fresh_batch_is_not_stale(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    assert await queue.inbox.claim_stale(untouched=MINUTE) == {}
    await queue.rest("b1", minutes=2)
    assert await queue.inbox.claim_stale(untouched=MINUTE) == {"b1": 0}


async def test_stale_batches_are_claimed_oldest_first_and_count_as_touched(queue: PortsOfRedis) -> None:
    for batch_id, minutes in (("b2", 20), ("b1", 30), ("b3", 10)):
        await queue.inbox.put(batch_id, BATCH)
        await queue.rest(batch_id, minutes=minutes)
    assert list(await queue.inbox.claim_stale(untouched=MINUTE, limit=2)) == ["b1", "b2"]
    assert await queue.inbox.claim_stale(untouched=MINUTE) == {"b3": 0}
    assert await queue.inbox.claim_stale(untouched=MINUTE) == {}


async def test_a_batch_touched_by_a_clock_far_ahead_is_stale(queue: PortsOfRedis) -> None:
    for batch_id, minutes in (("ahead", 4), ("far-ahead", 1500)):
        await queue.inbox.put(batch_id, BATCH)
        await queue.rest(batch_id, minutes=-minutes)
    assert await queue.inbox.claim_stale(untouched=5 * MINUTE) == {"far-ahead": 0}
    assert await queue.inbox.claim_stale(untouched=5 * MINUTE) == {}


async def test_each_start_is_counted_and_forgiving_forgets_them(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    for _ in range(2):
        await queue.inbox.start("b1")
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {"b1": 2}
    await queue.inbox.forgive("b1")
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {"b1": 0}


async def test_loading_touches_a_batch(queue: PortsOfRedis) -> None:
    await queue.inbox.put("b1", BATCH)
    await queue.rest("b1")
    await queue.inbox.load("b1")
    assert await queue.inbox.claim_stale(untouched=MINUTE) == {}


async def test_claiming_a_batch_that_is_just_finished_does_not_bring_it_back(queue: PortsOfRedis) -> None:
    for number in range(40):
        await queue.inbox.put(f"b{number}", BATCH)
    claims = (queue.inbox.claim_stale(untouched=AT_ONCE) for _ in range(5))
    ends = (queue.inbox.finish(f"b{number}") for number in range(40))
    await asyncio.gather(*claims, *ends)
    assert await queue.inbox.depth() == 0
    assert await queue.inbox.claim_stale(untouched=AT_ONCE) == {}
