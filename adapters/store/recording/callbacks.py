"""Insert the callbacks of a group: sealed, each once, with their entries of the timeline."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import asyncpg

from adapters.sealing.compression.raw import seal_raw
from adapters.store.events.log import append_in_bulk
from adapters.store.recording.entries import CONFLICT, CallbackRow, Entry, Mark
from adapters.store.recording.known import (
    Known,
    raw_callback_place,
    registration_of,
)
from adapters.store.statements.bulk import as_rows
from adapters.store.statements.openings import note_late_evidence
from domain.apps.registration import biz_no_differs


async def insert_callbacks(
    connection: asyncpg.Connection,
    entries: Sequence[Entry],
    known: dict[int, Known],
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


def _sealed_callback(entry: Entry, known: Known, *, compress: bool) -> bytes:
    place = raw_callback_place(entry.callback.app_id, entry.id)
    return seal_raw(known.data_key, entry.callback.data, place=place, compress=compress)


def _event(entry: Entry, known: Known, *, is_same: bool) -> str:
    """The event's name. A conflict is a different end, or a different order than the registered one."""
    another_end = known.is_later(entry) and not is_same
    if another_end or biz_no_differs(entry.payload, registration_of(known.row)):
        return CONFLICT
    return "callback.held" if known.row.held else "callback.received"


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
