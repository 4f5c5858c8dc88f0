"""Limit the answers with pictures in the memory of one worker, for all apps together.

How large an answer is shows only when it has come. So a call has room for the largest one before it is
reserved, and until its answer is on the ledger: a call that found no room afterwards would be spent.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from domain.apps.app import App
from usecases.process.places import Places

ROOM: Final = 128 * 1024 * 1024
"""Bytes. While it is sealed and written, an answer stands in memory up to four times."""


class PictureRoom:
    """Room for `at_once` answers with pictures."""

    def __init__(self, *, at_once: int) -> None:
        self._places = Places(at_once)

    def places_for(self, app: App) -> Places | None:
        """Where an answer of `app` needs a place; None: it has no pictures, so it needs none."""
        return self._places if app.return_image else None

    @asynccontextmanager
    async def room_for(self, app: App) -> AsyncIterator[None]:
        """There is room for one answer of `app` inside the block. Without pictures nothing is waited for."""
        if (places := self.places_for(app)) is None:
            yield
            return
        await places.take(app.app_id)
        try:
            yield
        finally:
            places.give_back(app.app_id)
