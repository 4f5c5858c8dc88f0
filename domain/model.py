"""The basic types: callbacks, verifications, their states and outcomes."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

BIZ_ID_SHAPE: Final = re.compile(r"[0-9A-Za-z,_-]{8,128}")
"""The shape of a biz_id. The vendor's are `<unix seconds>,<uuid>`; the alphabet is safe in logs and URLs."""

APP_ID_SHAPE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def usable_biz_id(value: object) -> str | None:
    """A value as a biz_id, without surrounding white space; None if it does not have the shape of one.

    Some products send strings as numbers.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if BIZ_ID_SHAPE.fullmatch(text) else None


class CallbackKind(StrEnum):
    """The URL that received the callback."""

    NOTIFY = "notify"
    RETURN = "return"


class State(StrEnum):
    """The state of a verification."""

    CREATED = "created"
    RECEIVED = "received"
    DECIDED = "decided"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """The value of a decision."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REVIEW = "review"
    INCOMPLETE = "incomplete"


class DecidedBy(StrEnum):
    """Whose outcome counts: the policy's, or that of a person who has concluded a review."""

    POLICY = "policy"
    PERSON = "person"


class Basis(StrEnum):
    """The evidence of a decision: callback and result in agreement, or one of them alone."""

    CONFIRMED = "confirmed"
    CALLBACK = "callback"
    RESULT = "result"


class Agreement(StrEnum):
    """Whether callback and result agree; the last two: there is only the callback, only the result."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNCONFIRMED = "unconfirmed"
    RESULT_ONLY = "result_only"


class ConfirmationMode(StrEnum):
    """Whether a decision waits for get_result: must, should, need not."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    OFF = "off"


class AcceptedCallback(msgspec.Struct, frozen=True):
    """One genuine callback on its way from the ingress to the worker.

    `data` is the signed bytes; `secret_index` is the index of the secret that matched (0 = newest).
    """

    app_id: str
    kind: CallbackKind
    received_at: datetime
    secret_index: int
    data: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signed bytes: a callback that is sent twice has the same digest."""
        return hashlib.sha256(self.data).digest()

    @property
    def key(self) -> UUID:
        """The key of the callback within its app; the same callback always has the same key."""
        return _key_of(self.app_id.encode(), self.digest)


class Identity(msgspec.Struct, frozen=True):
    """Who was verified; stored encrypted, shown masked."""

    name: str | None = None
    id_number: str | None = None


def verification_id(app_id: str, biz_id: str) -> UUID:
    """The verification's key, computed from app and biz_id.

    Every process computes the same key without asking the database, so inserts are idempotent and need no
    read first.
    """
    return _key_of(app_id.encode(), biz_id.encode())


def _key_of(*parts: bytes) -> UUID:
    key = bytearray(hashlib.blake2b(b"\0".join(parts), digest_size=16).digest())
    # Marked as UUID version 8 (RFC 9562: custom), which `uuid` supports since Python 3.14.
    key[6] = key[6] & 0x0F | 0x80
    key[8] = key[8] & 0x3F | 0x80
    return UUID(bytes=bytes(key))
