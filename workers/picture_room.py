"""Room for answers with pictures: so many at once in the memory of one worker, for all apps together.

How large an answer is shows only when it has come. So a call has room for the largest one before it is
reserved, and until its answer is on the ledger: a call that found no room afterwards would be spent.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from domain.apps import App

ROOM: Final = 128 * 1024 * 1024
"""Bytes. While it is sealed and written, an answer stands in memory up to four times."""


class PictureRoom:
    """Room for `at_once` answers with pictures; the next place goes to the app that has the fewest."""

    def __init__(self, *, at_once: int) -> None:
        self._free = at_once
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def room_for(self, app: App) -> AsyncIterator[None]:
        """There is room for one answer of `app` inside the block. Without pictures nothing is waited for."""
        if not app.return_image:
            yield
            return
        await self._take(app.app_id)
        try:
            yield
        finally:
            self._give_back(app.app_id)

    async def _take(self, app_id: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(app_id, deque()).append(turn)
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            # Its turn may have come in the same moment.
            if not turn.cancelled():
                self._give_back(app_id)
            raise

    def _give_back(self, app_id: str) -> None:
        self._held[app_id] -= 1
        self._free += 1
        self._grant()

    def _grant(self) -> None:
        while self._free and self._waiting:
            app_id = min(self._waiting, key=self._held.__getitem__)
            turns = self._waiting[app_id]
            turn = turns.popleft()
            if not turns:
                del self._waiting[app_id]
            if not turn.done():
                self._free -= 1
                self._held[app_id] += 1
                turn.set_result(None)
