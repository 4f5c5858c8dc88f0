"""Slots shared by apps: the next free slot goes to the app that has the fewest."""

import asyncio
from collections import Counter, deque


class Slots:
    """`limit` slots. Requests of one app are served in order."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._taken = 0
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def limit(self) -> float:
        """The maximum number of taken slots. If it falls, taken slots are kept."""
        return self._limit

    @limit.setter
    def limit(self, limit: float) -> None:
        self._limit = limit
        self._serve()

    async def take(self, app_id: str) -> None:
        """Take a slot for `app_id`; returns without yielding to the event loop if one is free."""
        if not self._waiting and self._taken < self._limit:
            self._hold(app_id)
        else:
            await self._wait(app_id)

    def give_back(self, app_id: str) -> None:
        """Give back a slot that `app_id` took."""
        self._held[app_id] -= 1
        self._taken -= 1
        self._serve()

    def _hold(self, app_id: str) -> None:
        self._held[app_id] += 1
        self._taken += 1

    async def _wait(self, app_id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(app_id, deque()).append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            # It may have been given a slot in the same loop iteration.
            if not turn.cancelled():
                self.give_back(app_id)
            raise

    def _serve(self) -> None:
        while self._waiting and self._taken < self._limit:
            app_id = min(self._waiting, key=self._held.__getitem__)
            turns = self._waiting[app_id]
            turn = turns.popleft()
            if not turns:
                del self._waiting[app_id]
            if not turn.done():
                self._hold(app_id)
                turn.set_result(None)
