"""Dead letters: as operators see them, as filters select them, and as a retry takes them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.model import AcceptedCallback


class DeadLetter(msgspec.Struct, frozen=True):
    """One dead letter without its content. `retried_at`: its callback is in the inbox again."""

    id: UUID
    app_id: str
    kind: str
    reason: str
    detail: str
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime
    retried_at: datetime | None = None


class LetterFilter(msgspec.Struct, frozen=True):
    """Select letters by app (None: all), by reason, and by whether a retry of them is in progress."""

    app_ids: Sequence[str] | None = None
    reason: str | None = None
    retried: bool = False


class TakenLetters(msgspec.Struct, frozen=True):
    """Letters to retry: the decrypted callbacks, the number of others, and the last letter's position."""

    callbacks: list[AcceptedCallback]
    unreadable: int
    last: tuple[datetime, UUID] | None
