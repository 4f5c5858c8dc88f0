"""Append single rows to the audit, and read its pages, each from a bounded number of rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.blocks import stored_row
from adapters.store.audit.rows import append
from domain.audit.row import AuditRow, StoredRow
from domain.views.audit import AuditFilter, AuditPage, AuditPosition

WINDOW: Final = 5000
"""Rows in which one page looks, if it looks for more than one index has."""

_LONGEST_TRANSACTION: Final = timedelta(days=1)
"""Numbers of rows are not in the order of their times, but none is older than this by more."""

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC) + _LONGEST_TRANSACTION
_NEWEST: Final = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)

Values = dict[str, Any]


class PgAuditLog:
    """Appends rows that record no change of a table, and reads rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, row: AuditRow) -> None:
        """Append a row in a transaction of its own."""
        async with self._engine.begin() as connection:
            await append(connection, [row])

    async def page(self, which: AuditFilter, *, limit: int, after: AuditPosition | None = None) -> AuditPage:
        """Up to `limit` rows that match, newest first."""
        statement, values = select_page(which, limit=limit, after=after)
        async with self._engine.connect() as connection:
            await connection.execute(IN_ORDER)
            found = (await connection.execute(statement, values)).all()
        return _page(found, values)


def select_page(which: AuditFilter, *, limit: int, after: AuditPosition | None) -> tuple[TextClause, Values]:
    """The statement of a page and its values."""
    conditions = _conditions(which)
    key = next((name for name in _KEYS if name in conditions), None)
    found = "true" if key is None else conditions.pop(key)
    at, number = after or _NEWEST
    values = _values(which) | {
        "limit": limit + 1,
        "window": WINDOW if conditions or (key is None and which.since) else limit + 1,
        "since": max(which.since or _BEGINNING, _BEGINNING),
        "at": min(at, which.until or at),
        "id": number,
    }
    rest = " AND ".join(conditions.values()) or "true"
    scan = _BY_NUMBER if key is None else _BY_KEY.format(found=found)
    statement = text(_PAGE.format(scan=scan, rest=rest))
    return statement, {name: values[name] for name in statement.compile().params}


def _page(found: Sequence[Row[Any]], values: Values) -> AuditPage:
    limit = values["limit"] - 1
    rows = [stored_row(row) for row in found if row.id is not None]
    if len(rows) > limit:
        return AuditPage(rows[:limit], (rows[limit - 1].at, rows[limit - 1].id))
    scanned = found[0]
    is_last = scanned.seen < values["window"] or scanned.newest < values["since"] - _LONGEST_TRANSACTION
    return AuditPage(rows, None if is_last else (scanned.last_at, scanned.last_id))


_KEYS: Final = ("subject", "actor", "action", "app_id")
"""What there is an index by, the most selective first."""


def _conditions(which: AuditFilter) -> dict[str, str]:
    """A condition for each filter; one on a single app can be a key."""
    wanted = {name: f"{name} = :{name}" for name in _KEYS if getattr(which, name, None) is not None}
    if which.until is not None:
        wanted["until"] = "at < :until"
    if which.app_ids is None:
        return wanted
    if len(which.app_ids) == 1:
        return wanted | {"app_id": "app_id = :app_id"}
    return wanted | {"app_ids": "app_id = ANY(CAST(:app_ids AS text[]))"}


def _values(which: AuditFilter) -> Values:
    values: Values = {name: getattr(which, name) for name in ("subject", "actor", "action", "until")}
    if which.app_ids is not None:
        values |= {"app_ids": [*which.app_ids], "app_id": next(iter(which.app_ids), None)}
    return {name: value for name, value in values.items() if value is not None}


IN_ORDER: Final = text("""
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)
""")
"""A plan that sorts reads every row of a key before it takes the newest ones."""

_COLUMNS: Final = ", ".join(f"a.{name}" for name in StoredRow.__struct_fields__)

_BY_KEY: Final = """
  SELECT id, at, app_id, actor, action, subject, at AS first, id AS second FROM audit
  WHERE {found} AND at >= :since AND (at, id) < (:at, :id)
  ORDER BY at DESC, id DESC LIMIT :window
"""

_BY_NUMBER: Final = """
  SELECT id, at, app_id, actor, action, subject, now() AS first, id AS second FROM audit
  WHERE id < :id ORDER BY id DESC LIMIT :window
"""
"""There is no index by time alone, which a plan might prefer to the index of a key, and read all rows."""

_PAGE: Final = """
WITH scanned AS MATERIALIZED ({scan}), matching AS (
  SELECT id, first, second FROM scanned WHERE at >= :since AND {rest}
  ORDER BY first DESC, second DESC LIMIT :limit
), reached AS (
  SELECT count(*) AS seen, max(at) AS newest FROM scanned
), last AS (
  SELECT at AS last_at, id AS last_id FROM scanned ORDER BY first, second LIMIT 1
)
SELECT reached.seen, reached.newest, last.last_at, last.last_id, {columns}
FROM reached LEFT JOIN last ON true LEFT JOIN (matching m JOIN audit a ON a.id = m.id) ON true
ORDER BY m.first DESC, m.second DESC
""".replace("{columns}", _COLUMNS)
