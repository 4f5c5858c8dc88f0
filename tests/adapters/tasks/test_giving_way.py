"""Between a few items others have a turn."""

import asyncio

from adapters.tasks.giving_way import AT_ONCE, giving_way


async def test_other_tasks_run_between_a_few_items() -> None:
    done: list[int] = []
    seen: list[int] = []

    async def another() -> None:
        while len(done) < 5 * AT_ONCE:
            seen.append(len(done))
            await asyncio.sleep(0)

    task = asyncio.create_task(another())
    async for item in giving_way(range(5 * AT_ONCE)):
        done += [item]
    await task
    assert done == list(range(5 * AT_ONCE))
    assert seen == [AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE, 4 * AT_ONCE]
