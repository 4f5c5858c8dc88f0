"""Record callbacks: the verification they belong to, the raw bytes encrypted, duplicates recognised."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.coalescer import Coalescer
from adapters.database import DATABASE_AWAY
from adapters.envelope import KeyRing, place_of, seal
from adapters.store.columns import columns
from domain.model import State, verification_id
from domain.payload import as_text
from domain.policy import is_open
from domain.records import DecodedCallback, Recorded, Registration
from domain.registration import biz_no_differs


class PgRecorder:
    """Records callbacks in groups, idempotently.

    `lease`: how long whoever records a final callback has to settle its verification before a sweep looks
    again.
    """

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing, lease: timedelta) -> None:
        self._engine = engine
        self._keys = keys
        self._lease = lease
        self._coalescer = Coalescer[_Entry, Recorded](self._flush, max_items=128, systemic=DATABASE_AWAY)

    async def record_all(
        self, decoded: Sequence[DecodedCallback], *, now: datetime
    ) -> list[Recorded | BaseException]:
        """Store each callback once. How each ended: recorded, or DBAPIError, OSError, BrokenSeal."""
        return await self._coalescer.submit_all(_Entry(each, now=now) for each in decoded)

    async def _flush(self, entries: list["_Entry"]) -> Sequence[Recorded]:
        async with self._engine.begin() as connection:
            known = await self._upsert_verifications(connection, entries)
            fresh = await _insert_callbacks(connection, entries, known)
        return [_recorded(entry, known[entry.id], fresh) for entry in entries]

    async def _upsert_verifications(
        self, connection: AsyncConnection, entries: Iterable["_Entry"]
    ) -> dict[UUID, "_Known"]:
        chosen = _one_per_verification(entries)
        offered = {
            entry.id: self._keys.new_data_key(place=key_place(entry.callback.app_id, entry.id))
            for entry in chosen
        }
        rows = [self._verification_row(entry, wrapped=offered[entry.id][1]) for entry in chosen]
        found = await connection.execute(_UPSERT_VERIFICATIONS, columns(rows))
        return {row.id: _Known(self._data_key(row, *offered[row.id]), row) for row in found}

    def _data_key(self, row: Row[Any], offered: bytes, wrapped: bytes) -> bytes:
        """The key that stands: the one offered, or that of whoever was first."""
        if row.wrapped_key == wrapped:
            return offered
        return self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))

    def _verification_row(self, entry: "_Entry", *, wrapped: bytes) -> dict[str, Any]:
        callback, payload = entry.callback, entry.payload
        ended = not entry.is_open
        return {
            "ids": entry.id,
            "app_ids": callback.app_id,
            "biz_ids": payload.biz_id,
            "biz_nos": payload.biz_no,
            "statuses": as_text(payload.status),
            "wrapped_keys": wrapped,
            "digests": entry.digest if ended else None,
            "ended_ats": callback.received_at if ended else None,
            "due_ats": entry.now + self._lease if ended else None,
            "helds": entry.hold,
            "received_ats": callback.received_at,
        }


def key_place(app_id: str, row: UUID) -> str:
    """Where this verification's data key stands (for wrapping)."""
    return place_of(app_id, "verifications.wrapped_key", row)


def raw_callback_place(app_id: str, row: UUID) -> str:
    """Where a raw callback of this verification stands (for sealing)."""
    return place_of(app_id, "callbacks.raw_ct", row)


def registration_of(row: Row[Any]) -> Registration | None:
    """What a row of verifications says about its registration."""
    if row.registered_at is None:
        return None
    return Registration(row.biz_no, row.registered_at, row.expires_at, row.nudged_at)


class _Entry:
    """One callback of a group, with what the statements need of it."""

    def __init__(self, decoded: DecodedCallback, *, now: datetime) -> None:
        self.callback = decoded.callback
        self.payload = decoded.payload
        self.hold = decoded.hold
        self.now = now
        self.id = verification_id(self.callback.app_id, self.payload.biz_id)
        self.digest = self.callback.digest
        self.is_open = is_open(as_text(self.payload.status))


class _Known(msgspec.Struct, frozen=True):
    data_key: bytes
    row: Row[Any]

    def is_decided_on(self, entry: _Entry) -> bool:
        """Whether this is the first callback whose flow had ended."""
        return bool(entry.digest == self.row.final_digest)


def _one_per_verification(entries: Iterable[_Entry]) -> list[_Entry]:
    """One entry per verification, a final callback before an open one, in key order.

    The order is the same in every process: two groups that share verifications then wait for each other
    instead of ending in a deadlock.
    """
    chosen: dict[UUID, _Entry] = {}
    for entry in entries:
        standing = chosen.setdefault(entry.id, entry)
        if standing.is_open and not entry.is_open:
            chosen[entry.id] = entry
    return sorted(chosen.values(), key=lambda entry: entry.id)


async def _insert_callbacks(
    connection: AsyncConnection, entries: Sequence[_Entry], known: dict[UUID, _Known]
) -> set[tuple[UUID, bytes]]:
    """Insert the group's distinct callbacks; the keys of those that were not there before."""
    seen = Counter((entry.id, entry.digest) for entry in entries)
    distinct = {(entry.id, entry.digest): entry for entry in reversed(entries)}
    rows = [_callback_row(distinct[key], known[key[0]], seen=seen[key]) for key in sorted(distinct)]
    found = await connection.execute(_INSERT_CALLBACKS, columns(rows))
    return {(row.verification_id, row.digest) for row in found if row.is_new}


def _callback_row(entry: _Entry, known: _Known, *, seen: int) -> dict[str, Any]:
    callback = entry.callback
    detail = {
        "kind": callback.kind,
        "status": as_text(entry.payload.status),
        "secret_index": callback.secret_index,
    }
    return {
        "ids": entry.id,
        "digests": entry.digest,
        "kinds": callback.kind,
        "secret_indexes": callback.secret_index,
        "raw_cts": seal(known.data_key, callback.data, place=raw_callback_place(callback.app_id, entry.id)),
        "seens": seen,
        "received_ats": callback.received_at,
        "events": _event(entry, known),
        "details": msgspec.json.encode(detail).decode(),
    }


def _event(entry: _Entry, known: _Known) -> str:
    """A conflict: another end than the one decided on, or another order than the registered one."""
    another_end = not entry.is_open and not known.is_decided_on(entry)
    if another_end or biz_no_differs(entry.payload, registration_of(known.row)):
        return "callback.conflict"
    return "callback.held" if known.row.held else "callback.received"


def _recorded(entry: _Entry, known: _Known, fresh: set[tuple[UUID, bytes]]) -> Recorded:
    key = (entry.id, entry.digest)
    is_new = key in fresh
    fresh.discard(key)  # a duplicate in the same group is not new a second time
    to_settle = known.is_decided_on(entry) and known.row.state != State.DECIDED and not known.row.held
    return Recorded(
        entry.id,
        known.data_key,
        fence=known.row.fence,
        is_new=is_new,
        to_settle=is_new and to_settle,
        registration=registration_of(known.row),
    )


_UPSERT_VERIFICATIONS: Final = text("""
INSERT INTO verifications AS v (id, app_id, biz_id, biz_no, state, vendor_status, wrapped_key,
                                final_digest, ended_at, due_at, held, received_at)
SELECT id, app_id, biz_id, biz_no, 'received', status, wrapped_key, digest, ended_at, due_at, held,
       received_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:app_ids AS text[]), CAST(:biz_ids AS text[]),
            CAST(:biz_nos AS text[]), CAST(:statuses AS text[]), CAST(:wrapped_keys AS bytea[]),
            CAST(:digests AS bytea[]), CAST(:ended_ats AS timestamptz[]), CAST(:due_ats AS timestamptz[]),
            CAST(:helds AS boolean[]), CAST(:received_ats AS timestamptz[]))
  AS t (id, app_id, biz_id, biz_no, status, wrapped_key, digest, ended_at, due_at, held, received_at)
ON CONFLICT (id) DO UPDATE SET
  state = CASE WHEN v.state = 'created' OR (v.state = 'expired' AND EXCLUDED.final_digest IS NOT NULL)
               THEN 'received' ELSE v.state END,
  biz_no = COALESCE(v.biz_no, EXCLUDED.biz_no),
  vendor_status = CASE WHEN v.final_digest IS NULL THEN EXCLUDED.vendor_status ELSE v.vendor_status END,
  final_digest = COALESCE(v.final_digest, EXCLUDED.final_digest),
  ended_at = COALESCE(v.ended_at, EXCLUDED.ended_at),
  fence = CASE WHEN v.final_digest IS NULL AND EXCLUDED.final_digest IS NOT NULL
               THEN v.fence + 1 ELSE v.fence END,
  due_at = CASE WHEN v.state <> 'decided' AND v.final_digest IS NULL AND EXCLUDED.final_digest IS NOT NULL
                THEN EXCLUDED.due_at ELSE v.due_at END,
  held = v.held OR (EXCLUDED.held AND v.registered_at IS NULL AND v.state <> 'decided'),
  received_at = COALESCE(v.received_at, EXCLUDED.received_at)
RETURNING v.id, v.app_id, v.biz_no, v.wrapped_key, v.final_digest, v.state, v.fence, v.held,
          v.registered_at, v.expires_at, v.nudged_at
""")
"""The first final callback takes the lease away from whoever was looking at the verification before it.

One that says that the flow goes on revives no expired verification: nobody would look at it any more. And
what is decided is not held, whatever comes behind the decision."""

_INSERT_CALLBACKS: Final = text("""
WITH incoming AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:digests AS bytea[]), CAST(:kinds AS text[]),
                       CAST(:secret_indexes AS smallint[]), CAST(:raw_cts AS bytea[]),
                       CAST(:seens AS integer[]), CAST(:received_ats AS timestamptz[]),
                       CAST(:events AS text[]), CAST(:details AS text[]))
    AS t (verification_id, digest, kind, secret_index, raw_ct, seen, received_at, event, detail)
), recorded AS (
  INSERT INTO callbacks AS c (verification_id, digest, kind, secret_index, raw_ct, seen, received_at)
  SELECT verification_id, digest, kind, secret_index, raw_ct, seen, received_at FROM incoming
  ON CONFLICT (verification_id, digest) DO UPDATE SET seen = c.seen + EXCLUDED.seen
  RETURNING c.verification_id, c.digest, c.xmax = 0 AS is_new
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, event, CAST(detail AS jsonb)
  FROM recorded JOIN incoming USING (verification_id, digest) WHERE is_new
)
SELECT verification_id, digest, is_new FROM recorded
""")
"""`xmax = 0` tells a row that was inserted from one that was there already."""
