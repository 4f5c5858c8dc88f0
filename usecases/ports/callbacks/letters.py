"""Dead letters: genuine callbacks that could not be understood or processed, and their retries."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.limits.memory_room import MemoryRules
from domain.model import AcceptedCallback
from domain.views.letters import LetterFilter, TakenLetters


class DeadLetters(Protocol):
    """Dead letters: genuine callbacks that could not be understood or processed, and their retries."""

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Store one; storing the same callback again counts another attempt."""

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        """Delete letters whose retry succeeded; one that failed again meanwhile stays."""


class RetriedLetters(Protocol):
    """Dead letters for a retry.

    A letter is locked during the block, and marked as retried when the block succeeds,
    in one transaction with the row of the audit.
    """

    def take_one(
        self, letter_id: UUID, app_ids: Sequence[str] | None, *, now: datetime, audit: AuditRow
    ) -> AbstractAsyncContextManager[AcceptedCallback | None]:
        """The callback of one letter, even if its retry is under way; None if these apps have no such letter.

        Raises BrokenSeal.
        """

    def take(
        self,
        which: LetterFilter,
        *,
        now: datetime,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
        audit: AuditRow,
    ) -> AbstractAsyncContextManager[TakenLetters]:
        """Up to `limit` letters last seen before `now` and after `after`, oldest first."""

    async def count(self, which: LetterFilter) -> int:
        """The number of these letters."""


class RetryInbox(Protocol):
    """The inbox, for retried letters, which can wait in PostgreSQL."""

    async def add_retried(self, callbacks: Sequence[AcceptedCallback], *, rules: MemoryRules) -> None:
        """Put a batch of retried letters into the inbox. Raises RedisFull: these rules leave no memory for
        it.
        """
