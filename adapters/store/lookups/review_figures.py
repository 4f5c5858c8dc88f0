"""Counts of cases and reviews for metrics, each bounded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.bulk import bulk_connection
from domain.model import Outcome
from domain.reviews.case import Shown
from domain.views.reviews import Conclusions, ReviewFigures, ReviewPace, WaitingCases

MOST: Final = 10_000
"""Rows of an app that are counted; above it, the figure stays there."""

_DAY: Final = timedelta(days=1)


async def read_figures(engine: AsyncEngine, app_ids: Sequence[str], *, now: datetime) -> ReviewFigures:
    """What waits now in these apps, and what was concluded in the last day."""
    apps = list(app_ids)
    async with bulk_connection(engine) as connection:
        waiting = await connection.fetch(_WAITING, apps, now)
        conclusions = await connection.fetch(_CONCLUSIONS, apps, now - _DAY)
        pace = await connection.fetch(_PACE, apps, now - _DAY)
    return ReviewFigures(
        tuple(_waiting(row, now) for row in waiting),
        tuple(_concluded(row) for row in conclusions),
        tuple(_pace(row) for row in pace),
    )


def _waiting(row: asyncpg.Record, now: datetime) -> WaitingCases:
    oldest = now - row["oldest"]
    return WaitingCases(row["app_id"], Shown(row["state"]), row["count"], row["overdue"], oldest)


def _concluded(row: asyncpg.Record) -> Conclusions:
    outcome, effective = Outcome(row["outcome"]), Outcome(row["effective"])
    return Conclusions(row["app_id"], row["code"], outcome, effective, row["count"])


def _pace(row: asyncpg.Record) -> ReviewPace:
    return ReviewPace(
        app_id=row["app_id"],
        concluded=row["concluded"],
        hasty=row["hasty"],
        median_seconds=row["median"] or 0.0,
        looked=row["looked"],
        agreed=row["agreed"],
    )


_WAITING: Final = f"""
SELECT app.id AS app_id, part.state, counted.*
FROM unnest(CAST($1 AS text[])) AS app (id)
CROSS JOIN (VALUES ('open'), ('snoozed'), ('proposed')) AS part (state)
CROSS JOIN LATERAL (
  SELECT count(*) AS count, count(*) FILTER (WHERE due_at <= $2) AS overdue, min(opened_at) AS oldest
  FROM (SELECT due_at, opened_at FROM review_cases c
        WHERE c.app_id = app.id AND c.state = part.state AND c.state <> 'closed' LIMIT {MOST}) AS part_of_app
) AS counted
WHERE counted.count > 0
"""  # noqa: S608 - constants alone

_OF_THE_DAY: Final = f"""
unnest(CAST($1 AS text[])) AS app (id) CROSS JOIN LATERAL (
  SELECT * FROM reviews r WHERE r.app_id = app.id AND r.at >= $2 ORDER BY r.at DESC LIMIT {MOST}
) AS r"""  # noqa: S608 - constants alone

_CONCLUSIONS: Final = f"""
SELECT app.id AS app_id, reason ->> 'code' AS code, d.outcome, r.outcome AS effective, count(*) AS count
FROM {_OF_THE_DAY} JOIN decisions d ON d.verification_id = r.verification_id
CROSS JOIN LATERAL json_array_elements(d.reasons) AS reason
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants alone

_PACE: Final = f"""
WITH concluded AS (
  SELECT app.id AS app_id, count(*) AS concluded,
         count(*) FILTER (WHERE r.at - r.claimed_at < interval '5 seconds') AS hasty,
         CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM r.at - r.opened_at)) AS float8)
           AS median
  FROM {_OF_THE_DAY} GROUP BY 1
), looked AS (
  SELECT app.id AS app_id, count(*) AS looked,
         count(*) FILTER (WHERE e.detail ->> 'agrees' = 'true') AS agreed
  FROM unnest(CAST($1 AS text[])) AS app (id) CROSS JOIN LATERAL (
    SELECT c.id, c.seq FROM review_cases c
    WHERE c.app_id = app.id AND c.state = 'closed' AND c.closed_at >= $2 AND c.opened_because = 'second_look'
    ORDER BY c.closed_at DESC LIMIT {MOST}
  ) AS c JOIN review_events e ON e.case_id = c.id AND e.seq = c.seq AND e.kind = 'looked'
  GROUP BY 1
)
SELECT app_id, COALESCE(concluded, 0) AS concluded, COALESCE(hasty, 0) AS hasty, median,
       COALESCE(looked, 0) AS looked, COALESCE(agreed, 0) AS agreed
FROM concluded FULL JOIN looked USING (app_id)
"""  # noqa: S608 - constants alone
