"""Figures of the store for operators: undecided verifications, those near loss, dead letters."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.fitness import count_late
from adapters.store.lookups.identity_figures import read_identity_figures
from adapters.store.lookups.review_figures import read_figures
from adapters.store.statements.each_app import each_app, list_apps
from domain.pulls.reconciliation import NEAR_LOSS
from domain.views.operations.figures import (
    Deliveries,
    Endpoints,
    EventLog,
    Letters,
    OpenVerifications,
    StoreFigures,
)

MOST: Final = 10_000
"""Verifications and deliveries of one app and state, and letters of one app and reason, are counted up to
this number, so that no storm makes metrics slow."""


class PgFigures:
    """Reads a bounded number of rows by indexes; decided verifications are never counted."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, now: datetime) -> StoreFigures:
        """The figures at `now`. Raises DatabaseAway."""
        async with self._engine.connect() as connection:
            undecided = await connection.execute(_OPEN, {"before": now - NEAR_LOSS, "now": now, "most": MOST})
            letters = await connection.execute(_LETTERS, {"most": MOST})
            deliveries = await connection.execute(_DELIVERIES, {"most": MOST, "now": now})
            endpoints = await connection.execute(_ENDPOINTS, {"now": now})
            log = (await connection.execute(_EVENTS, {"now": now})).one()
            identity = await read_identity_figures(connection)
            audit_late = await count_late(connection)
            apps = [row.app_id for row in await connection.execute(_APPS)]
        return StoreFigures(
            open=[OpenVerifications(*row) for row in undecided],
            letters=[Letters(*row) for row in letters],
            deliveries=[Deliveries(*row) for row in deliveries],
            endpoints=[Endpoints(*row) for row in endpoints],
            events=EventLog(*log),
            reviews=await read_figures(self._engine, apps, now=now),
            identity=identity,
            audit_late=audit_late,
        )


_APPS: Final = text(list_apps("verifications"))

_EVENTS: Final = text("""
SELECT COALESCE(oldest.seq, 0), COALESCE((SELECT max(seq) FROM events), 0),
       CAST(COALESCE(EXTRACT(EPOCH FROM :now - oldest.at), 0) AS double precision),
       COALESCE((SELECT counts FROM event_log), '{}')
FROM (SELECT) AS log LEFT JOIN (SELECT seq, at FROM events ORDER BY seq LIMIT 1) AS oldest ON true
""")

_OPEN: Final = text(f"""
{each_app("verifications")}
SELECT app_id, part.state, counted.*
FROM apps CROSS JOIN (VALUES ('created'), ('received')) AS part (state) CROSS JOIN LATERAL (
  SELECT count(*) AS count,
         count(*) FILTER (WHERE NOT held AND lost_at < :before) AS near_loss,
         count(*) FILTER (WHERE held) AS held,
         CAST(COALESCE(EXTRACT(EPOCH FROM :now - min(received_at) FILTER (WHERE held)), 0)
           AS double precision) AS oldest_held
  FROM (
    SELECT held, received_at, COALESCE(
      ended_at, LEAST(expires_at, GREATEST(registered_at, expires_at - interval '1 hour'))) AS lost_at
    FROM verifications v
    WHERE ((v.app_id || '/') || COALESCE(v.listed_as, v.state)) = apps.app_id || '/' || part.state
    ORDER BY created_at LIMIT :most
  ) AS oldest
) AS counted
WHERE counted.count > 0
""")  # noqa: S608 - constants alone
"""The oldest of each app and state, in the index of lists: what is near loss is among them."""

_COUNT_LETTERS: Final = """
SELECT app_id, reason,
       (SELECT count(*) FROM (
          SELECT FROM dead_letters d
          WHERE d.app_id = kinds.app_id AND d.reason = kinds.reason AND d.retried_at IS NULL LIMIT :most
        ) AS waiting),
       (SELECT count(*) FROM (
          SELECT FROM dead_letters d
          WHERE d.app_id = kinds.app_id AND d.reason = kinds.reason AND d.retried_at IS NOT NULL LIMIT :most
        ) AS retried)
FROM kinds
"""

_LETTERS: Final = text(f"""
WITH RECURSIVE kinds (app_id, reason) AS (
  (SELECT app_id, reason FROM dead_letters ORDER BY app_id, reason LIMIT 1)
  UNION ALL
  SELECT next.app_id, next.reason FROM kinds CROSS JOIN LATERAL (
    SELECT d.app_id, d.reason FROM dead_letters d WHERE (d.app_id, d.reason) > (kinds.app_id, kinds.reason)
    ORDER BY d.app_id, d.reason LIMIT 1
  ) AS next
){_COUNT_LETTERS}""")  # noqa: S608 - constants alone
"""`kinds` skips from reason to reason in the index `dead_letters_reasons`."""

LETTERS_OF_APPS: Final = text(f"""
WITH RECURSIVE kinds (app_id, reason) AS (
  SELECT app.id, (SELECT min(d.reason) FROM dead_letters d WHERE d.app_id = app.id)
  FROM unnest(CAST(:apps AS text[])) AS app (id)
  UNION ALL
  SELECT app_id, (SELECT min(d.reason) FROM dead_letters d
                  WHERE d.app_id = kinds.app_id AND d.reason > kinds.reason)
  FROM kinds WHERE reason IS NOT NULL
){_COUNT_LETTERS}WHERE reason IS NOT NULL""")  # noqa: S608 - constants alone
"""The same for `apps` alone."""

_DELIVERIES: Final = text("""
SELECT app.app_id,
  (SELECT count(*) FROM (SELECT FROM deliveries d
     WHERE d.app_id = app.app_id AND d.state = 'pending' LIMIT :most) AS pending),
  (SELECT count(*) FROM (SELECT FROM deliveries d
     WHERE d.app_id = app.app_id AND d.state = 'failed'
       AND d.created_at > CAST(:now AS timestamptz) - interval '1 day' LIMIT :most) AS failed),
  CAST(COALESCE(EXTRACT(EPOCH FROM CAST(:now AS timestamptz) - (SELECT min(d.created_at) FROM deliveries d
     WHERE d.app_id = app.app_id AND d.state = 'pending')), 0) AS double precision)
FROM (SELECT DISTINCT app_id FROM endpoints) AS app
""")

_ENDPOINTS: Final = text("""
SELECT app_id, state, count(*), CAST(COALESCE(EXTRACT(EPOCH FROM
  CAST(:now AS timestamptz) - min(failing_since) FILTER (WHERE state = 'enabled')), 0) AS double precision)
FROM endpoints GROUP BY app_id, state
""")
