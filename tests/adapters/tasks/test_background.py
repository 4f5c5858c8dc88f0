"""A task ends, whatever becomes of its first cancellation."""

import asyncio

from adapters.tasks.background import end_tasks


async def test_a_lost_cancellation_is_sent_again() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    async def failing() -> None:
        raise RuntimeError

    async def done() -> None:
        pass

    tasks = [asyncio.create_task(each()) for each in (deaf, failing, done)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end_tasks(*tasks)
    assert lost == 2
    assert all(task.done() for task in tasks)
    await end_tasks()
