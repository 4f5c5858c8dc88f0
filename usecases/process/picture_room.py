"""Limit the answers with pictures in the memory of one worker, for all apps together.

The size of an answer is known only when it has arrived. So a call takes room for the largest answer before it
is reserved, and keeps it until its answer is on the ledger: without room for its answer, the call would be
wasted.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from domain.apps.app import App
from usecases.process.slots import Slots

ROOM: Final = 128 * 1024 * 1024
"""Bytes. An answer is in memory up to four times while it is sealed and written."""


class PictureRoom:
    """Room for `at_once` answers with pictures."""

    def __init__(self, *, at_once: int) -> None:
        self._slots = Slots(at_once)

    def slots_for(self, app: App) -> Slots | None:
        """The slots for an answer of `app`; None: it has no pictures and needs none."""
        return self._slots if app.return_image else None

    @asynccontextmanager
    async def room_for(self, app: App) -> AsyncIterator[None]:
        """Hold room for one answer of `app` during the block. Does not wait if the app asks for no
        pictures.
        """
        if (slots := self.slots_for(app)) is None:
            yield
            return
        await slots.take(app.app_id)
        try:
            yield
        finally:
            slots.give_back(app.app_id)
