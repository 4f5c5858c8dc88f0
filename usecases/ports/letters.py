"""Where callbacks go that could not be understood or processed, and how they come back."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.limits.memory_room import MemoryRules
from domain.model import AcceptedCallback
from domain.views.letters import LetterFilter, TakenLetters


class DeadLetters(Protocol):
    """Where callbacks go that could not be understood or processed, and how they come back."""

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Keep one; the same one again counts an attempt more."""

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        """Delete letters whose retry came through; one that failed again meanwhile stays."""


class RetriedLetters(Protocol):
    """Dead letters that are taken for a retry.

    A letter is locked while it is taken, and marked as retried once the block ends well.
    """

    def take_one(
        self, letter_id: UUID, app_ids: Sequence[str] | None, *, now: datetime
    ) -> AbstractAsyncContextManager[AcceptedCallback | None]:
        """One letter's callback, even if its retry is under way; None if these apps have no such letter.

        Raises BrokenSeal.
        """

    def take(
        self, which: LetterFilter, *, now: datetime, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> AbstractAsyncContextManager[TakenLetters]:
        """Up to `limit` letters last seen before `now` and behind `after`, oldest first."""

    async def count(self, which: LetterFilter) -> int:
        """How many letters these are."""


class RetryInbox(Protocol):
    """The inbox, for callbacks that can wait where they are."""

    async def add_retried(self, callbacks: Sequence[AcceptedCallback], *, rules: MemoryRules) -> None:
        """Put a batch of retried letters into the inbox. Raises RedisFull: no room by these rules."""
