"""The row of a verification as a group of callbacks finds it, with its opened data key."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from adapters.sealing.compression.raw import open_raw
from adapters.sealing.envelope import place_of
from adapters.store.recording.entries import Entry
from domain.apps.registration import Registration
from domain.model import State
from domain.verifications.lease import DataKey


def key_place(app_id: str, row: UUID) -> str:
    """The place of this verification's data key, for wrapping."""
    return place_of(app_id, "verifications.wrapped_key", row)


def raw_callback_place(app_id: str, row: UUID) -> str:
    """The place of this verification's raw callbacks, for sealing."""
    return place_of(app_id, "callbacks.raw_ct", row)


def registration_of(row: Any) -> Registration | None:
    """The registration in any row with the columns of `verifications`, if there is one."""
    if row.registered_at is None or row.expires_at is None:
        return None
    return Registration(row.biz_no, row.registered_at, row.expires_at, row.nudged_at)


class VerificationRow(msgspec.Struct, frozen=True):
    """A verification as the upsert takes it: the values of a new row."""

    id: UUID
    app_id: str
    biz_id: str
    biz_no: str | None
    status: str | None
    wrapped_key: bytes
    digest: bytes | None
    ended_at: datetime | None
    due_at: datetime | None
    held: bool
    received_at: datetime


class StoredRow(msgspec.Struct, frozen=True):
    """A verification's row after the upsert of the group's callbacks."""

    id: UUID
    app_id: str
    biz_no: str | None
    wrapped_key: bytes | None
    final_digest: bytes | None
    state: str
    fence: int
    held: bool
    registered_at: datetime | None
    expires_at: datetime | None
    nudged_at: datetime | None
    erased: bool


class Known(msgspec.Struct, frozen=True):
    """A stored verification, opened."""

    data_key: DataKey
    row: StoredRow

    @property
    def is_decided(self) -> bool:
        return self.row.state == State.DECIDED

    def is_decided_on(self, entry: Entry) -> bool:
        """Whether this is the first callback with an ended flow."""
        return entry.digest == self.row.final_digest

    def is_later(self, entry: Entry) -> bool:
        """Whether an earlier callback has ended the flow, as far as an unerased one can still be compared."""
        return not (entry.is_open or self.row.erased or self.is_decided_on(entry))

    def opened(self, row: asyncpg.Record) -> bytes:
        """The raw bytes of a callback of this verification. Raises BrokenSeal."""
        return open_raw(self.data_key, row["raw_ct"], place=raw_callback_place(row["app_id"], row["id"]))
