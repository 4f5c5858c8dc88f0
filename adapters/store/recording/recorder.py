"""Record callbacks: create or update the verification, store the encrypted bytes, detect duplicates."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.postgres.sqlstate import DatabaseAway, StatementFailed
from adapters.store.recording.callbacks import insert_callbacks
from adapters.store.recording.endings import same_endings
from adapters.store.recording.entries import Entry, Mark, one_per_verification
from adapters.store.recording.joining import JOIN_STANDING
from adapters.store.recording.known import Known, StoredRow, VerificationRow, key_place, registration_of
from adapters.store.recording.owners import BizOwners
from adapters.store.statements.bulk import as_rows, write_group
from adapters.tasks.coalescer import Coalescer
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
        fresh = await insert_callbacks(connection, entries, known, same, compress=self._compresses())
        return [_recorded(entry, known[entry.key], fresh) for entry in entries]

    async def _upsert_verifications(
        self, connection: asyncpg.Connection, entries: Iterable[Entry]
    ) -> dict[int, "Known"]:
        chosen = one_per_verification(entries)
        await self._keys.prepare({entry.callback.app_id for entry in chosen})
        offered = {entry.key: self._new_data_key(entry) for entry in chosen}
        rows = [self._verification_row(entry, wrapped=offered[entry.key][1]) for entry in chosen]
        found = [StoredRow(*row) for row in await connection.fetch(_UPSERT_VERIFICATIONS, as_rows(rows))]
        await self._keys.load(row.wrapped_key for row in found if row.wrapped_key != offered[row.id.int][1])
        return {row.id.int: Known(self._data_key(row, *offered[row.id.int]), row) for row in found}

    def _new_data_key(self, entry: Entry) -> tuple[DataKey, bytes]:
        app_id = entry.callback.app_id
        return self._keys.new_data_key(app_id, place=key_place(app_id, entry.id))

    def _data_key(self, row: "StoredRow", offered: DataKey, wrapped: bytes) -> DataKey:
        """The stored key: the one offered, or the one that was stored first. What comes for an erased
        verification is sealed by the one offered, which is not kept: nobody can open it."""
        if row.wrapped_key == wrapped or row.erased:
            return offered
        return self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))

    def _verification_row(self, entry: Entry, *, wrapped: bytes) -> "VerificationRow":
        callback, payload = entry.callback, entry.payload
        ended = not entry.is_open
        return VerificationRow(
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


async def _that_say_nothing_new(
    connection: asyncpg.Connection, entries: Sequence[Entry], known: dict[int, Known]
) -> set[Mark]:
    later = [entry for entry in entries if known[entry.key].is_later(entry)]
    if not later:
        return set()
    return await same_endings(connection, entries, later, opened=lambda row: known[row["id"].int].opened(row))


def _recorded(entry: Entry, known: Known, fresh: set[Mark]) -> Recorded:
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
