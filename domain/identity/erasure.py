"""Erasure: what it reaches, what remains to be told, and the receipt."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

LONGEST_REASON: Final = 500


class ErasureCause(StrEnum):
    """Why a verification was erased."""

    REQUEST = "request"
    PERSON = "person"
    RETENTION = "retention"
    LEDGER = "ledger"


class Place(StrEnum):
    """Where identity is kept."""

    KEY = "data_key"
    IDENTITY = "identity"
    CALLBACKS = "callbacks"
    RESULTS = "results"
    NOTES = "notes"
    LETTERS = "dead_letters"
    NUMBERS = "id_numbers"
    PICTURES = "pictures"
    INBOX = "inbox"
    SPOOL = "spool"


class PlaceState(msgspec.Struct, frozen=True):
    """What a place holds of one verification: `count` items."""

    place: Place
    count: int


class Hold(msgspec.Struct, frozen=True):
    """A legal hold: nothing of the verification is erased until it is lifted."""

    reason: str
    placed_by: str
    placed_at: datetime


class Receipt(msgspec.Struct, frozen=True):
    """The proof of an erasure. `places`: what went, by place. `position`: in the ledger.

    `signature`: HMAC-SHA256, in hexadecimal, under a key derived from the master key with the id `key_id`.
    """

    verification_id: UUID
    app_id: str
    biz_id: str
    erased_at: datetime
    because: ErasureCause
    position: int
    places: Mapping[str, int]
    key_id: str = ""
    signature: str = ""

    def to_sign(self) -> bytes:
        """The bytes that the signature covers: the members before it, as JSON with sorted names."""
        unsigned = msgspec.structs.replace(self, signature="")
        return msgspec.json.encode(unsigned, order="sorted")


class ErasureView(msgspec.Struct, frozen=True):
    """What is known of one verification's erasure. `begun_at`: an erasure that a crash has interrupted.

    `is_recorded`: False if dead letters alone name it.
    """

    places: list[PlaceState]
    hold: Hold | None
    erased_at: datetime | None
    begun_at: datetime | None
    receipt: Receipt | None
    is_recorded: bool = True


def ledger_key(verification_id: UUID) -> str:
    """The entry of a verification in the erasure ledger."""
    return f"verification/{verification_id}"


def verification_of(key: str) -> UUID | None:
    """The verification of a ledger's entry; None if a newer version wrote it."""
    kind, _, name = key.partition("/")
    try:
        return UUID(name) if kind == "verification" else None
    except ValueError:
        return None
