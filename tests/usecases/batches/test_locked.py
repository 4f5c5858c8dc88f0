"""A verification that somebody has locked in the database holds up no other, and is recorded in the end."""

import asyncio

from adapters.postgres.connections import LOCK_TIMEOUT
from tests.adapters.postgres.test_locked_rows import locked
from tests.support.storage.stores import Store, callback, payload
from tests.support.workers.jobs import Jobs

SOON = 9 * LOCK_TIMEOUT.total_seconds()


async def test_a_locked_verification_holds_up_no_other_batch(jobs: Jobs) -> None:
    await jobs.store.register(1)
    for n in (1, 2, 3):
        await jobs.inbox.hand_over(f"b{n}", [callback(payload(n, status="WHATEVER"))])
    async with locked(jobs.store, 1):
        async with asyncio.timeout(SOON):
            await jobs.work()
        assert [(await jobs.outcome(n))[0] for n in (1, 2, 3)] == ["created", "decided", "decided"]
        assert await letters(jobs.store) == 0
    await jobs.lapse()
    await jobs.work()
    assert (await jobs.outcome(1))[0] == "decided"


async def letters(store: Store) -> int:
    [(count,)] = await store.rows("SELECT count(*) FROM dead_letters")
    return int(count)
