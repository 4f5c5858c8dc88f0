"""Deliver what an endpoint missed: the log since a time, one window after the other.

The log has no index on `at`, which every decision would have to write. `at` follows `seq` except for events
that were written late, so the beginning is found by bisection of the numbers, an hour before the time.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit import rows
from adapters.store.webhooks.claims import selects_event
from domain.audit.row import AuditRow
from domain.events.event import EventType
from domain.views.deliveries import Recovered, Recovery

LATE: Final = timedelta(hours=1)
"""How much later than its `at` an event may have been written."""


async def find_beginning(engine: AsyncEngine, since: datetime) -> int:
    """A `seq` behind which all events since then are, in some dozen rows."""
    async with engine.connect() as connection:
        return int(await connection.scalar(BEGINNING, {"since": since - LATE}) or 0)


async def recover_window(
    engine: AsyncEngine,
    what: Recovery,
    types: Collection[EventType],
    *,
    after: int,
    limit: int,
    audit: AuditRow | None = None,
) -> Recovered:
    """Look at up to `limit` events of these types behind `after`; make deliveries of those that are
    missing."""
    values = {
        "id": what.endpoint_id,
        "types": [each.value for each in types],
        "since": what.since,
        "ended_before": what.ended_before,
        "now": what.now,
        "rate": what.rate,
        "after": after,
        "limit": limit,
    }
    async with engine.begin() as connection:
        row = (await connection.execute(RECOVER, values)).one()
        await rows.append(connection, rows.with_count(audit, row.made))
    return Recovered(row.made, row.last if row.looked >= limit else None)


BEGINNING: Final = text("""
WITH RECURSIVE search AS (
  SELECT (SELECT min(seq) FROM events) AS low, (SELECT max(seq) + 1 FROM events) AS high
  UNION ALL
  SELECT CASE WHEN probe.at < :since THEN probe.seq + 1 ELSE search.low END,
         CASE WHEN probe.at < :since THEN search.high ELSE (search.low + search.high) / 2 END
  FROM search CROSS JOIN LATERAL (
    SELECT seq, at FROM events WHERE seq >= (search.low + search.high) / 2 ORDER BY seq LIMIT 1
  ) AS probe WHERE search.low < search.high
)
SELECT max(low) - 1 FROM search
""")

RECOVER: Final = text(f"""
WITH endpoint AS (
  SELECT id, app_id, types, outcomes, cursor FROM endpoints WHERE id = :id AND state = 'enabled'
), planned AS (
  SELECT (SELECT due_at FROM deliveries
          WHERE endpoint_id = :id AND due_at > :now AND attempts = attempts_before AND leased_until IS NULL
          ORDER BY due_at DESC LIMIT 1) AS last
), looked AS MATERIALIZED (
  SELECT found.* FROM endpoint CROSS JOIN unnest(CAST(:types AS text[])) AS kind (type) CROSS JOIN LATERAL (
    SELECT seq, id, at, type, verification_id, n, body FROM events e
    WHERE e.app_id = endpoint.app_id AND e.type = kind.type AND e.seq > :after AND e.seq <= endpoint.cursor
    ORDER BY e.seq LIMIT :limit
  ) AS found ORDER BY found.seq LIMIT :limit
), missing AS (
  SELECT endpoint.id AS endpoint_id, endpoint.app_id, event.*, row_number() OVER (ORDER BY event.seq) AS turn
  FROM endpoint CROSS JOIN looked event LEFT JOIN LATERAL (
    SELECT id, state, ended_at FROM deliveries WHERE endpoint_id = endpoint.id AND seq = event.seq LIMIT 1
  ) AS d ON true
  WHERE event.at >= :since AND (d.id IS NULL OR d.state = 'failed'
      AND d.ended_at < COALESCE(CAST(:ended_before AS timestamptz), 'infinity'))
    AND {selects_event("event", "endpoint")}
), made AS (
  INSERT INTO deliveries AS d
    (endpoint_id, app_id, seq, event_id, type, verification_id, n, created_at, due_at)
  SELECT endpoint_id, app_id, seq, id, type, verification_id, n, :now,
    GREATEST(CAST(:now AS timestamptz), planned.last) + turn / CAST(:rate AS float) * interval '1 second'
  FROM missing CROSS JOIN planned ORDER BY seq
  ON CONFLICT (endpoint_id, seq) DO UPDATE
  SET state = 'pending', ended_at = NULL, leased_until = NULL, attempts_before = d.attempts,
      due_at = excluded.due_at
  WHERE d.state = 'failed'
  RETURNING 1
)
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM looked) AS looked,
       (SELECT max(seq) FROM looked) AS last
""")  # noqa: S608 - constants alone
