"""Deliveries as operators see them: pages, attempts, and starting them again."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit import rows
from adapters.store.statements.each_app import list_apps
from adapters.store.webhooks.recovery import find_beginning, recover_window
from domain.audit.row import AuditRow
from domain.events.event import EventType
from domain.events.webhooks.delivery import Attempt, DeliveryState
from domain.events.webhooks.way import Fault
from domain.views.deliveries import (
    DeliveryFilter,
    DeliveryView,
    DeliveryWithAttempts,
    Recovered,
    Recovery,
)

Position = tuple[datetime, UUID]


class PgDeliveryDesk:
    """Lists, shows and restarts deliveries. Every method raises DatabaseAway."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, which: DeliveryFilter, *, limit: int, after: Position | None = None
    ) -> list[DeliveryView]:
        """The newest of these deliveries after `after` (created_at, id)."""
        statement, values = select_page(which, limit=limit, after=after)
        async with self._engine.connect() as connection:
            rows = await connection.execute(statement, values)
            return [_view(row) for row in rows]

    async def app_ids(self) -> list[str]:
        """Every app that has a delivery."""
        async with self._engine.connect() as connection:
            return list(await connection.scalars(_APPS))

    async def find(self, delivery_id: UUID, app_ids: Sequence[str]) -> DeliveryWithAttempts | None:
        """A delivery of these apps, with its attempts."""
        values = {"id": delivery_id, "apps": list(app_ids)}
        async with self._engine.connect() as connection:
            row = (await connection.execute(_ONE, values)).first()
            if row is None:
                return None
            made = await connection.execute(_ATTEMPTS, {"id": delivery_id})
            return DeliveryWithAttempts(_view(row), [_attempt(each) for each in made])

    async def redeliver_one(
        self, delivery_id: UUID, app_ids: Sequence[str], *, now: datetime, audit: AuditRow | None = None
    ) -> bool | None:
        """Make a delivery due now, with a fresh schedule; one that is being sent stays as it is.

        None if these apps have no such delivery, False if its endpoint is not enabled.
        """
        values = {"id": delivery_id, "apps": list(app_ids), "now": now}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_REDELIVER_ONE, values)).first()
            if row is not None and row.is_enabled:
                await rows.append(connection, rows.of_each_app(audit, [row.app_id]))
        return None if row is None else bool(row.is_enabled)

    async def count(self, which: DeliveryFilter, *, most: int) -> int:
        """The number of those of these deliveries that `redeliver` would start again, up to `most`."""
        statement = _COUNT_OF_APPS if which.endpoint_id is None else _COUNT_OF_ENDPOINT
        values = _values(which) | {"limit": most, "ended_before": which.ended_before}
        async with self._engine.connect() as connection:
            return int(await connection.scalar(statement, values) or 0)

    async def redeliver(
        self,
        which: DeliveryFilter,
        *,
        now: datetime,
        rate: float,
        limit: int,
        audit: AuditRow | None = None,
    ) -> int:
        """Make up to `limit` of these ended deliveries due, in the order of their events, each endpoint's at
        `rate` a second; those of endpoints that are not enabled stay. Their number."""
        values = _values(which) | {"now": now, "rate": rate, "limit": limit}
        values["ended_before"] = which.ended_before
        statement = _REDELIVER_OF_APPS if which.endpoint_id is None else _REDELIVER_OF_ENDPOINT
        async with self._engine.begin() as connection:
            app_ids = (await connection.execute(statement, values)).scalars().all()
            await rows.append(connection, rows.of_each_app(audit, app_ids))
        return len(app_ids)

    async def beginning(self, since: datetime) -> int:
        """A `seq` behind which all events since then are."""
        return await find_beginning(self._engine, since)

    async def recover(
        self,
        what: Recovery,
        types: Collection[EventType],
        *,
        after: int,
        limit: int,
        audit: AuditRow | None = None,
    ) -> Recovered:
        """Look at up to `limit` events of these types behind `after`; make deliveries of those that are
        missing, in order."""
        return await recover_window(self._engine, what, types, after=after, limit=limit, audit=audit)


def select_page(
    which: DeliveryFilter, *, limit: int, after: Position | None = None
) -> tuple[TextClause, dict[str, Any]]:
    """The statement of a page, and its values."""
    at, row_id = after or (None, None)
    statement = _OF_APPS if which.endpoint_id is None else _OF_ENDPOINT
    return statement, _values(which) | {"limit": limit, "at": at, "after": row_id}


def _values(which: DeliveryFilter) -> dict[str, Any]:
    states = list(DeliveryState) if which.state is None else [which.state]
    return {
        "apps": list(which.app_ids),
        "states": [state.value for state in states],
        "since": which.since,
        "until": which.until,
    } | ({} if which.endpoint_id is None else {"endpoint": which.endpoint_id})


def _view(row: Row[Any]) -> DeliveryView:
    values = {name: getattr(row, name) for name in DeliveryView.__struct_fields__}
    return DeliveryView(**values | {"state": DeliveryState(row.state)})


def _attempt(row: Row[Any]) -> Attempt:
    fault = None if row.fault is None else Fault(row.fault)
    return Attempt(row.k, row.at, row.ms, row.status, fault, row.error, row.answer or b"")


_COLUMNS: Final = ", ".join(DeliveryView.__struct_fields__)

_APPS: Final = text(list_apps("deliveries"))

_ONE: Final = text(f"SELECT {_COLUMNS} FROM deliveries WHERE id = :id AND app_id = ANY(:apps)")  # noqa: S608

_ATTEMPTS: Final = text("SELECT * FROM attempts WHERE delivery_id = :id ORDER BY k")

_BETWEEN: Final = """
  d.created_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
  AND d.created_at < COALESCE(CAST(:until AS timestamptz), 'infinity')
"""
_AFTER: Final = """
  (d.created_at, d.id) < (COALESCE(CAST(:at AS timestamptz), 'infinity'),
                          COALESCE(CAST(:after AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
"""
"""A condition of an index, given or not; with OR it would be a filter on every row before it."""


def _page(parts: str, condition: str) -> TextClause:
    """A page of the union of index scans, one for each of `parts` and each state."""
    return text(f"""
SELECT found.* FROM {parts} CROSS JOIN unnest(CAST(:states AS text[])) AS wanted (state) CROSS JOIN LATERAL (
  SELECT {_COLUMNS} FROM deliveries d
  WHERE {condition} AND d.state = wanted.state AND {_BETWEEN} AND {_AFTER}
  ORDER BY d.created_at DESC, d.id DESC LIMIT :limit
) AS found ORDER BY found.created_at DESC, found.id DESC LIMIT :limit
""")  # noqa: S608 - constants alone


_OF_APPS: Final = _page("unnest(CAST(:apps AS text[])) AS app (app_id)", "d.app_id = app.app_id")
_OF_ENDPOINT: Final = _page(
    "(SELECT CAST(:endpoint AS uuid) AS id) AS endpoint",
    "d.endpoint_id = endpoint.id AND d.app_id = ANY(CAST(:apps AS text[]))",
)

_AGAIN: Final = """state = 'pending', ended_at = NULL, leased_until = NULL, attempts_before = d.attempts"""

_REDELIVER_ONE: Final = text(f"""
WITH wanted AS (
  SELECT d.id, d.app_id, COALESCE(e.state = 'enabled', false) AS is_enabled,
         d.leased_until IS NOT NULL AND d.leased_until > :now AS is_sent
  FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint_id
  WHERE d.id = :id AND d.app_id = ANY(:apps) FOR NO KEY UPDATE OF d
), again AS (
  UPDATE deliveries d SET {_AGAIN}, due_at = :now
  FROM wanted WHERE d.id = wanted.id AND wanted.is_enabled AND NOT wanted.is_sent
)
SELECT is_enabled, app_id FROM wanted
""")  # noqa: S608 - constants alone


def _ended(of_endpoint: str) -> str:
    """The deliveries `d` that can be started again."""
    return f"""FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id
    WHERE e.state = 'enabled' AND d.state <> 'pending' AND d.state = ANY(CAST(:states AS text[]))
      AND d.app_id = ANY(CAST(:apps AS text[])) {of_endpoint} AND {_BETWEEN}
      AND d.ended_at < COALESCE(CAST(:ended_before AS timestamptz), 'infinity')"""


def _count(of_endpoint: str) -> TextClause:
    return text(f"SELECT count(*) FROM (SELECT {_ended(of_endpoint)} LIMIT :limit) AS found")  # noqa: S608


def _redelivery(of_endpoint: str) -> TextClause:
    return text(f"""
WITH wanted AS (
  SELECT d.id, d.endpoint_id, row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.seq) AS turn FROM (
    SELECT d.id, d.endpoint_id, d.seq {_ended(of_endpoint)}
    ORDER BY d.seq LIMIT :limit FOR NO KEY UPDATE OF d SKIP LOCKED
  ) AS d
), planned AS (
  SELECT p.endpoint_id, max(p.due_at) AS last FROM deliveries p
  WHERE p.endpoint_id = ANY(ARRAY(SELECT endpoint_id FROM wanted)) AND p.due_at > :now
    AND p.attempts = p.attempts_before AND p.leased_until IS NULL GROUP BY p.endpoint_id
)
UPDATE deliveries d SET {_AGAIN}, due_at = GREATEST(
  CAST(:now AS timestamptz) + (wanted.turn - 1) / CAST(:rate AS float) * interval '1 second',
  planned.last + wanted.turn / CAST(:rate AS float) * interval '1 second')
FROM wanted LEFT JOIN planned USING (endpoint_id)
WHERE d.id = wanted.id AND d.id = ANY(ARRAY(SELECT id FROM wanted))
RETURNING d.app_id
""")  # noqa: S608 - constants alone


_THIS_ENDPOINT: Final = "AND d.endpoint_id = CAST(:endpoint AS uuid)"

_COUNT_OF_APPS: Final = _count("")
_COUNT_OF_ENDPOINT: Final = _count(_THIS_ENDPOINT)
_REDELIVER_OF_APPS: Final = _redelivery("")
_REDELIVER_OF_ENDPOINT: Final = _redelivery(_THIS_ENDPOINT)
