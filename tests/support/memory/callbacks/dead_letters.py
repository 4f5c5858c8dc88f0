"""Dead letters in memory."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from domain.model import AcceptedCallback
from tests.support.memory.servers import Letter, MemoryDatabase


class MemoryDeadLetters:
    """Letters by their callbacks' keys."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        async with self._database.call():
            letter = self._database.letters.get(callback.key)
            if letter is None:
                self._database.letters[callback.key] = Letter(callback, reason, detail, now, now)
            else:
                letter.attempts += 1
                letter.reason, letter.detail, letter.last_seen_at = reason, detail, now
                letter.retried_at = None
            return callback.key

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        async with self._database.call():
            letters = self._database.letters
            for key in letter_ids:
                if key in letters and letters[key].retried_at is not None:
                    del letters[key]
