"""A number of places, handed out in turns between those who wait: who wants one is not behind a thousand."""

import asyncio
from collections import OrderedDict, deque


class FairPlaces:
    """Like a semaphore that gives each free place to another key's oldest request, round and round.

    `count` None: there is always a place.
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
        """Give a place back, or to the next one."""
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
