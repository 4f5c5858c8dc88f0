"""Dead letters: what operators see of them, which of them they mean, and those taken for a retry."""

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
    """Which letters: of these apps (None: of all), with this reason, retried and under way or not."""

    app_ids: Sequence[str] | None = None
    reason: str | None = None
    retried: bool = False


class TakenLetters(msgspec.Struct, frozen=True):
    """Letters to be retried: the callbacks that opened, how many did not, and the last letter's place."""

    callbacks: list[AcceptedCallback]
    unreadable: int
    last: tuple[datetime, UUID] | None
