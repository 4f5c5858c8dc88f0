"""Append rows to the audit, in the transaction of the change that they record."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit.row import AuditRow


async def append(connection: AsyncConnection, rows: Sequence[AuditRow]) -> None:
    """Append rows in the caller's transaction. It waits for no other transaction."""
    if rows:
        await connection.execute(_APPEND, {"rows": _as_json(rows)})


async def append_in_bulk(connection: asyncpg.Connection, rows: Sequence[AuditRow]) -> None:
    """The same on a connection of `adapters.store.statements.bulk`, which must be in a transaction."""
    if rows:
        await connection.execute(_APPEND_IN_BULK, _as_json(rows))


def of_each_app(row: AuditRow | None, app_ids: Iterable[str]) -> list[AuditRow]:
    """`row` for each app in which something was changed, with the number of changes. None: no rows."""
    if row is None:
        return []
    counts = sorted(Counter(app_ids).items())
    return [
        counted
        for app_id, count in counts
        for counted in with_count(msgspec.structs.replace(row, app_id=app_id), count)
    ]


def with_count(row: AuditRow | None, count: int) -> list[AuditRow]:
    """`row` with the number of changes. None, or no change: no rows."""
    if row is None or not count:
        return []
    return [msgspec.structs.replace(row, detail=row.detail | {"count": count})]


def _as_json(rows: Sequence[AuditRow]) -> str:
    return msgspec.json.encode(rows).decode()


def _appending(rows: str) -> str:
    return f"""
INSERT INTO audit (app_id, actor, person_id, address, action, subject, reason, detail)
SELECT app_id, actor, person_id, address, action, subject, reason, detail
FROM json_to_recordset(CAST({rows} AS json))
  AS t (app_id text, actor text, person_id uuid, address text, action text, subject text, reason text,
        detail jsonb)
"""  # noqa: S608 - constants alone


_APPEND: Final = text(_appending(":rows"))
_APPEND_IN_BULK: Final = _appending("$1")
