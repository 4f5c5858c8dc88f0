"""Record callbacks: create or update the verification, store the encrypted bytes, detect duplicates."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.postgres.sqlstate import DatabaseAway, StatementFailed
from adapters.sealing.compression.raw import open_raw, seal_raw
from adapters.sealing.envelope import place_of
from adapters.store.events.log import append_in_bulk
from adapters.store.recording.endings import same_endings
from adapters.store.recording.entries import CONFLICT, CallbackRow, Entry, Mark, one_per_verification
from adapters.store.recording.joining import JOIN_STANDING
from adapters.store.recording.owners import BizOwners
from adapters.store.statements.bulk import as_rows, write_group
from adapters.store.statements.openings import note_late_evidence
from adapters.tasks.coalescer import Coalescer
from domain.apps.registration import Registration, biz_no_differs
from domain.model import State
from domain.pulls.due import NO_LEASE, due_after_callback
from domain.verifications.lease import DataKey, Lease
from domain.verifications.records import DecodedCallback, Recorded


class PgRecorder:
    """Records callbacks in groups, idempotently.

    `lease`: how long the worker that records a final callback may take to advance it before a sweep looks
    again. `owners`: the owner of each biz_id, if apps share a vendor account. `compresses`: whether every
    process can open compressed callbacks.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        keys: DataKeys,
        lease: timedelta,
        owners: BizOwners | None = None,
        compresses: Callable[[], bool] = lambda: True,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._owners = owners or BizOwners()
        self._lease = lease
        self._compresses = compresses
        self._coalescer = Coalescer[Entry, Recorded](
            self._flush, max_items=128, systemic=(DatabaseAway,), alone=(StatementFailed,)
        )

    async def record_all(
        self, decoded: Sequence[DecodedCallback], *, now: datetime
    ) -> list[Recorded | BaseException]:
        """Store each callback once. Each result is Recorded, ServerAway, PostgresError or BrokenSeal."""
        return await self._coalescer.submit_all(Entry(each, now=now) for each in decoded)

    async def _flush(self, entries: list[Entry]) -> Sequence[Recorded | DatabaseAway]:
        return await write_group(self._engine, entries, self._record, as_one=True)

    async def _record(self, connection: asyncpg.Connection, entries: list[Entry]) -> Sequence[Recorded]:
        owners = await self._owners.assign_all(connection, [entry.ref for entry in entries])
        entries = [entry.of(owners.get(entry.ref)) for entry in entries]
        known = await self._upsert_verifications(connection, entries)
        same = await _that_say_nothing_new(connection, entries, known)
        fresh = await _insert_callbacks(connection, entries, known, same, compress=self._compresses())
        return [_recorded(entry, known[entry.key], fresh) for entry in entries]

    async def _upsert_verifications(
        self, connection: asyncpg.Connection, entries: Iterable[Entry]
    ) -> dict[int, "_Known"]:
        chosen = one_per_verification(entries)
        await self._keys.prepare({entry.callback.app_id for entry in chosen})
        offered = {entry.key: self._new_data_key(entry) for entry in chosen}
        rows = [self._verification_row(entry, wrapped=offered[entry.key][1]) for entry in chosen]
        found = [_StoredRow(*row) for row in await connection.fetch(_UPSERT_VERIFICATIONS, as_rows(rows))]
        await self._keys.load(row.wrapped_key for row in found if row.wrapped_key != offered[row.id.int][1])
        return {row.id.int: _Known(self._data_key(row, *offered[row.id.int]), row) for row in found}

    def _new_data_key(self, entry: Entry) -> tuple[DataKey, bytes]:
        app_id = entry.callback.app_id
        return self._keys.new_data_key(app_id, place=key_place(app_id, entry.id))

    def _data_key(self, row: "_StoredRow", offered: DataKey, wrapped: bytes) -> DataKey:
        """The stored key: the one offered, or the one that was stored first. What comes for an erased
        verification is sealed by the one offered, which is not kept: nobody can open it."""
        if row.wrapped_key == wrapped or row.erased:
            return offered
        return self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))

    def _verification_row(self, entry: Entry, *, wrapped: bytes) -> "_VerificationRow":
        callback, payload = entry.callback, entry.payload
        ended = not entry.is_open
        return _VerificationRow(
            id=entry.id,
            app_id=callback.app_id,
            biz_id=payload.biz_id,
            biz_no=payload.biz_no,
            status=payload.status_word,
            wrapped_key=wrapped,
            digest=entry.digest if ended else None,
            ended_at=callback.received_at if ended else None,
            due_at=due_after_callback(
                callback.received_at,
                is_open=entry.is_open,
                recorded_at=entry.now,
                lease=self._lease if entry.leased else NO_LEASE,
            ),
            held=entry.awaits_registration,
            received_at=callback.received_at,
        )


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


class _VerificationRow(msgspec.Struct, frozen=True):
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


class _StoredRow(msgspec.Struct, frozen=True):
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


class _Known(msgspec.Struct, frozen=True):
    data_key: DataKey
    row: _StoredRow

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


async def _that_say_nothing_new(
    connection: asyncpg.Connection, entries: Sequence[Entry], known: dict[int, _Known]
) -> set[Mark]:
    later = [entry for entry in entries if known[entry.key].is_later(entry)]
    if not later:
        return set()
    return await same_endings(connection, entries, later, opened=lambda row: known[row["id"].int].opened(row))


async def _insert_callbacks(
    connection: asyncpg.Connection,
    entries: Sequence[Entry],
    known: dict[int, _Known],
    same: set[Mark],
    *,
    compress: bool,
) -> set[Mark]:
    """Insert the group's distinct callbacks and return the marks of the new ones."""
    seen = Counter(entry.mark for entry in entries)
    distinct = {entry.mark: entry for entry in reversed(entries)}
    ordered = [distinct[mark] for mark in sorted(distinct)]
    events = [_event(entry, known[entry.key], is_same=entry.mark in same) for entry in ordered]
    rows = [_callback_row(each, seen[each.mark], event) for each, event in zip(ordered, events, strict=True)]
    sealed = [_sealed_callback(entry, known[entry.key], compress=compress) for entry in ordered]
    found = await connection.fetch(_INSERT_CALLBACKS, as_rows(rows), sealed)
    fresh = {(row["verification_id"].int, row["digest"]) for row in found if row["is_new"]}
    conflicts = [
        row for row, each in zip(rows, ordered, strict=True) if each.mark in fresh and row.is_conflict
    ]
    decided = [row.verification_id for row in conflicts if known[row.verification_id.int].is_decided]
    await note_late_evidence(connection, decided, what=CONFLICT, at=entries[0].now)
    await append_in_bulk(connection, [row.as_event() for row in conflicts])
    return fresh


def _callback_row(entry: Entry, seen: int, event: str) -> CallbackRow:
    callback = entry.callback
    detail: dict[str, object] = {
        "kind": callback.kind,
        "status": entry.payload.status_word,
        "secret_index": callback.secret_index,
    }
    return CallbackRow(
        verification_id=entry.id,
        digest=entry.digest,
        kind=callback.kind,
        secret_index=callback.secret_index,
        seen=seen,
        received_at=callback.received_at,
        event=event,
        detail=detail,
    )


def _sealed_callback(entry: Entry, known: _Known, *, compress: bool) -> bytes:
    place = raw_callback_place(entry.callback.app_id, entry.id)
    return seal_raw(known.data_key, entry.callback.data, place=place, compress=compress)


def _event(entry: Entry, known: _Known, *, is_same: bool) -> str:
    """The event's name. A conflict is a different end, or a different order than the registered one."""
    another_end = known.is_later(entry) and not is_same
    if another_end or biz_no_differs(entry.payload, registration_of(known.row)):
        return CONFLICT
    return "callback.held" if known.row.held else "callback.received"


def _recorded(entry: Entry, known: _Known, fresh: set[Mark]) -> Recorded:
    is_new = entry.mark in fresh
    fresh.discard(entry.mark)  # a duplicate in the same group is not new
    to_advance = known.is_decided_on(entry) and not (known.is_decided or known.row.held or known.row.erased)
    return Recorded(
        Lease(entry.id, entry.callback.app_id, known.row.fence, known.data_key),
        is_new=is_new,
        to_advance=is_new and to_advance,
        registration=registration_of(known.row),
    )


_UPSERT_VERIFICATIONS: Final = f"""
INSERT INTO verifications AS v (id, app_id, biz_id, biz_no, state, vendor_status, wrapped_key,
                                final_digest, ended_at, due_at, held, received_at, erased_at)
SELECT id, app_id, biz_id, biz_no, CASE WHEN erased_at IS NULL THEN 'received' ELSE 'expired' END, status,
       CASE WHEN erased_at IS NULL THEN decode(wrapped_key, 'base64') END, decode(digest, 'base64'), ended_at,
       CASE WHEN erased_at IS NULL THEN due_at END, held AND erased_at IS NULL, received_at, erased_at
FROM (
  SELECT t.*, (SELECT e.at FROM erasures e WHERE e.verification_id = t.id) AS erased_at
  FROM json_to_recordset(CAST($1 AS json))
    AS t (id uuid, app_id text, biz_id text, biz_no text, status text, wrapped_key text, digest text,
          ended_at timestamptz, due_at timestamptz, held boolean, received_at timestamptz)
) AS t
{JOIN_STANDING}RETURNING v.id, v.app_id, v.biz_no, v.wrapped_key, v.final_digest, v.state, v.fence, v.held,
          v.registered_at, v.expires_at, v.nudged_at, v.erased_at IS NOT NULL
"""  # noqa: S608 - constants alone

_INSERT_CALLBACKS: Final = """
WITH incoming AS (
  SELECT verification_id, decode(digest, 'base64') AS digest, kind, secret_index, seen, received_at, event,
         detail, raw_ct
  FROM ROWS FROM (
    json_to_recordset(CAST($1 AS json))
      AS (verification_id uuid, digest text, kind text, secret_index smallint, seen integer,
          received_at timestamptz, event text, detail jsonb),
    unnest(CAST($2 AS bytea[]))
  ) AS t (verification_id, digest, kind, secret_index, seen, received_at, event, detail, raw_ct)
), recorded AS (
  INSERT INTO callbacks AS c (verification_id, digest, kind, secret_index, raw_ct, seen, received_at)
  SELECT verification_id, digest, kind, secret_index, raw_ct, seen, received_at FROM incoming
  ON CONFLICT (verification_id, digest) DO UPDATE SET seen = c.seen + EXCLUDED.seen
  RETURNING c.verification_id, c.digest, c.xmax = 0 AS is_new
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, event, detail
  FROM recorded JOIN incoming USING (verification_id, digest) WHERE is_new
)
SELECT verification_id, digest, is_new FROM recorded
"""
"""`xmax = 0` distinguishes an inserted row from an existing one."""
