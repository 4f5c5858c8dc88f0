"""A fixed number of slots, given to waiting keys in turn, so that one key's thousand requests do not delay
another's.
"""

import asyncio
from collections import OrderedDict, deque


class FairSlots:
    """A semaphore that gives each free slot to the oldest request of the next key, round robin.

    `count` None: no limit.
    """

    def __init__(self, count: int | None) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, key: str) -> None:
        """Wait for a slot for one request of `key`."""
        if self._free is None:
            return
        if self._free:
            self._free -= 1
            return
        slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if not slot.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back; the next waiting request gets it."""
        if self._free is None:
            return
        while self._waiting:
            key, slots = self._waiting.popitem(last=False)
            slot = slots.popleft()
            if slots:
                self._waiting[key] = slots
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1
