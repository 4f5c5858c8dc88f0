"""What is found and exported of one person."""

from datetime import datetime
from uuid import UUID

import msgspec


class FoundVerification(msgspec.Struct, frozen=True):
    """A verification with the ID number that was searched."""

    id: UUID
    app_id: str
    biz_id: str
    biz_no: str | None
    state: str
    outcome: str | None
    effective_outcome: str | None
    created_at: datetime


class StoredDocument(msgspec.Struct, frozen=True):
    """What the vendor sent. `kind`: `notify`, `return` or `result`. `data`: its text, None if no key opens
    it, or it is deleted."""

    kind: str
    at: datetime | None
    data: str | None
