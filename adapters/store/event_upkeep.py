"""Delete old events; remember which policies are in force, with an event for each change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit import rows as audit
from adapters.store.events.log import append
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.events.event import EventType, NewEvent
from domain.people.actor import Actor
from domain.policy.file.policy import Policy


class PgEventUpkeep:
    """Keeps the log in shape."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` events, all at the beginning of the log and from before this time; their
        number. Those behind the cursor of an enabled endpoint stay: no sender has seen them yet."""
        async with self._engine.begin() as connection:
            deleted = await connection.execute(_FORGET, {"before": before, "limit": limit})
            return int(deleted.scalar_one())

    async def count(self, *, limit: int) -> int:
        """Add up to `limit` events that are not counted yet to the numbers by type; how many. 0 while another
        process counts."""
        async with self._engine.begin() as connection:
            after = await connection.scalar(_COUNTED_TO)
            if after is None:
                return 0
            return int(await connection.scalar(_COUNT, {"after": after, "limit": limit}) or 0)

    async def activate(self, policies: Sequence[Policy]) -> int:
        """Note that these policies are in force, and append an event for each that was not, or had another
        text; their number."""
        rows = [_Row(each.name, each.version, each.content_hash) for each in policies]
        ordered = sorted(rows, key=lambda row: row.name)
        values = {"rows": msgspec.json.encode(ordered).decode()}
        async with self._engine.begin() as connection:
            changed = set((await connection.execute(_ACTIVATE, values)).scalars())
            events = [_activated(row) for row in ordered if row.name in changed]
            await audit.append(connection, [_noted(row) for row in ordered if row.name in changed])
            await append(connection, events)
            return len(events)


class _Row(msgspec.Struct, frozen=True):
    name: str
    version: str
    hash: str


def _activated(row: _Row) -> NewEvent:
    return NewEvent(EventType.POLICY_ACTIVATED, detail=msgspec.structs.asdict(row))


def _noted(row: _Row) -> AuditRow:
    detail = {"version": row.version, "hash": row.hash}
    return AuditRow.by(Actor.gateway("worker"), Action.POLICY_ACTIVATED, subject=row.name, detail=detail)


_FORGET: Final = text("""
WITH oldest AS (
  SELECT seq, at FROM events ORDER BY seq LIMIT :limit
), forgotten AS (
  DELETE FROM events WHERE seq = ANY(ARRAY(SELECT seq FROM oldest WHERE at < :before))
    AND seq <= COALESCE((SELECT min(cursor) FROM endpoints WHERE state = 'enabled'), seq)
  RETURNING seq
), noted AS (
  INSERT INTO event_log AS log (one, deleted_to) SELECT true, max(seq) FROM forgotten HAVING count(*) > 0
  ON CONFLICT (one) DO UPDATE SET deleted_to = GREATEST(log.deleted_to, EXCLUDED.deleted_to)
)
SELECT count(*) FROM forgotten
""")

_COUNTED_TO: Final = text("SELECT counted_to FROM event_log FOR NO KEY UPDATE SKIP LOCKED")

_COUNT: Final = text("""
WITH news AS MATERIALIZED (
  SELECT seq, type FROM events WHERE seq > :after ORDER BY seq LIMIT :limit
), by_type AS (
  SELECT type, count(*) AS count FROM news GROUP BY type
)
UPDATE event_log SET
  counted_to = (SELECT max(seq) FROM news),
  counts = counts || (
    SELECT jsonb_object_agg(type, count + COALESCE(CAST(counts ->> type AS bigint), 0)) FROM by_type)
WHERE EXISTS (SELECT FROM news)
RETURNING (SELECT count(*) FROM news)
""")
"""Behind the row's lock, in a statement of its own, which sees what others have counted."""

_ACTIVATE: Final = text("""
INSERT INTO policies_in_force AS f (name, content_hash)
SELECT name, hash FROM json_to_recordset(CAST(:rows AS json)) AS t (name text, hash text)
ON CONFLICT (name) DO UPDATE SET content_hash = EXCLUDED.content_hash, since = now()
WHERE f.content_hash <> EXCLUDED.content_hash
RETURNING f.name
""")
