"""Where callbacks go that could not be understood or processed."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.model import AcceptedCallback


class DeadLetters(Protocol):
    """Where callbacks go that could not be understood or processed."""

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Keep one; the same one again counts an attempt more."""

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        """Delete letters whose retry came through; one that failed again meanwhile stays."""
