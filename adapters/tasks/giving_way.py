"""Long work on the event loop in short pieces, so that other tasks run in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

AT_ONCE: Final = 8
"""Items per loop iteration; the row of a list takes some hundred microseconds."""


async def giving_way(items: Sequence[Item]) -> AsyncIterator[Item]:
    """The items in order, with a loop iteration for other tasks after every few."""
    for begin in range(0, len(items), AT_ONCE):
        if begin:
            await asyncio.sleep(0)
        for item in items[begin : begin + AT_ONCE]:
            yield item
