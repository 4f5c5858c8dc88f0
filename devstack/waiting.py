"""Waiting for what other processes and tasks do, where they set no event of ours."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], Awaitable[bool]], *, patience: float = 10, every: float = 0.02
) -> None:
    """Return once `condition` is true; check it again `every` seconds after each answer.

    Raises:
        TimeoutError: it was not true within `patience` seconds.
    """
    async with asyncio.timeout(patience):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(every)
