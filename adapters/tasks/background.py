"""End tasks that run in the background of a process."""

import asyncio
from typing import Any, Final

_AGAIN_AFTER: Final = 0.1


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and return when they have ended, however.

    One cancellation is not enough: `asyncio.wait_for` before Python 3.12 loses one that comes just as what
    it waits for is done, and redis-py sends every command by it. The task would run for ever.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_AFTER)
    await asyncio.gather(*tasks, return_exceptions=True)
