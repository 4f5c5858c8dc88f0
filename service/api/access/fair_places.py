"""A fixed number of places, given to waiting keys in turn, so that one key's thousand requests do not delay
another's.
"""

import asyncio
from collections import OrderedDict, deque


class FairPlaces:
    """A semaphore that gives each free place to the oldest request of the next key, round robin.

    `count` None: no limit.
    """

    def __init__(self, count: int | None) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, key: str) -> None:
        """Wait for a place for one request of `key`."""
        if self._free is None:
            return
        if self._free:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back; the next waiting request gets it."""
        if self._free is None:
            return
        while self._waiting:
            key, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[key] = places
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
