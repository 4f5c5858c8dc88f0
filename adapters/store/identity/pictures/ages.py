"""Erase pictures by age, those of one app at a time."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements.holds import LOCK_ALL, is_held


async def due_pictures(
    connection: AsyncConnection, app_id: str, before: datetime, most: int
) -> tuple[int, int]:
    """How many pictures were stored before, up to `most`, and how many of them are held. One whose file is
    not deleted yet counts."""
    values: dict[str, Any] = {"app_id": app_id, "before": before, "limit": most}
    count, held = (await connection.execute(_DUE, values)).one()
    return count, held


async def erase_pictures(connection: AsyncConnection, app_id: str, before: datetime, limit: int) -> int:
    """Mark up to `limit` pictures that were stored before, oldest first; how many were looked at. What is
    held is passed over."""
    values: dict[str, Any] = {"app_id": app_id, "before": before, "limit": limit}
    ids = list((await connection.execute(_NEXT, values)).scalars())
    await connection.execute(LOCK_ALL, {"ids": ids})
    await connection.execute(_ERASE, {"ids": ids, "before": before})
    return len(ids)


_IS_HELD: Final = is_held("p.verification_id")

_DUE: Final = text(f"""
SELECT count(*), count(*) FILTER (WHERE held) FROM (
  SELECT {_IS_HELD} AS held FROM pictures p WHERE app_id = :app_id AND stored_at < :before LIMIT :limit
) AS due
""")  # noqa: S608 - constants alone

_NEXT: Final = text(f"""
SELECT verification_id FROM pictures p
WHERE app_id = :app_id AND stored_at < :before AND deleted_at IS NULL AND NOT {_IS_HELD}
ORDER BY stored_at LIMIT :limit
""")  # noqa: S608 - constants alone

_ERASE: Final = text(f"""
UPDATE pictures p SET deleted_at = now(), digest = NULL
WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND stored_at < :before AND deleted_at IS NULL
  AND NOT {_IS_HELD}
""")  # noqa: S608 - constants alone
