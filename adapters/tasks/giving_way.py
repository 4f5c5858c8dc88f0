"""Long work on the event loop in short pieces: whatever else is ready goes on between them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

AT_ONCE: Final = 8
"""Items that are worked on in one turn of the loop: some hundred microseconds for a row of a list."""


async def giving_way(items: Sequence[Item]) -> AsyncIterator[Item]:
    """The items in their order, with a turn of the loop for others after every few."""
    for begin in range(0, len(items), AT_ONCE):
        if begin:
            await asyncio.sleep(0)
        for item in items[begin : begin + AT_ONCE]:
            yield item
