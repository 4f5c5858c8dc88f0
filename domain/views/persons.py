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


class ListedPicture(msgspec.Struct, frozen=True):
    """A picture that is stored, without its bytes. `size`: how many there are."""

    name: str
    media_type: str
    size: int


class ShownPicture(msgspec.Struct, frozen=True):
    """A picture. `content` None: the store does not have it, or it does not open."""

    name: str
    media_type: str
    content: bytes | None

    def __repr__(self) -> str:
        return "ShownPicture(...)"


class ShownIdentity(msgspec.Struct, frozen=True):
    """The fields that were asked for; None where there is nothing. `images` None: they were not asked for."""

    name: str | None = None
    id_number: str | None = None
    images: list[ShownPicture] | None = None

    def __repr__(self) -> str:
        return "ShownIdentity(...)"


class StoredDocument(msgspec.Struct, frozen=True):
    """What the vendor sent, or a reviewer wrote. `kind`: `notify`, `return`, `result`, `note` or
    `dead_letter`. `data`: its text, None if no key opens it, or it is deleted."""

    kind: str
    at: datetime | None
    data: str | None
