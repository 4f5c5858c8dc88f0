"""Is the audit protected: who may change it, and do blocks keep up?"""

from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class AuditFitness(msgspec.Struct, frozen=True):
    """`may_change`: this role may change or delete rows. `late`: rows of more than an hour ago that are in no
    block, up to 1000. `blocks`: how many there are.
    """

    may_change: bool
    late: int
    blocks: int


async def examine_audit(engine: AsyncEngine) -> AuditFitness:
    """Look at the audit's tables. Raises DatabaseAway."""
    async with engine.connect() as connection:
        row = (await connection.execute(_EXAMINE)).one()
    return AuditFitness(row.may_change, row.late, row.blocks)


async def count_late(connection: AsyncConnection) -> int:
    """The rows of more than an hour ago that are in no block, up to 1000. Raises DatabaseAway."""
    return int(await connection.scalar(text(_LATE)) or 0)


_LATE: Final = """
SELECT count(*) FROM (
  SELECT FROM audit a
  WHERE xid >= COALESCE((SELECT since_xid FROM audit_blocks ORDER BY height DESC LIMIT 1), 0)
    AND at < now() - interval '1 hour'
    AND NOT EXISTS (SELECT FROM audit_leaves WHERE audit_id = a.id) LIMIT 1000) AS found
"""

_EXAMINE: Final = text(f"""
SELECT has_table_privilege('audit', 'UPDATE, DELETE, TRUNCATE') AS may_change,
       COALESCE((SELECT max(height) FROM audit_blocks), 0) AS blocks,
       ({_LATE}) AS late
""")  # noqa: S608 - constants alone
"""`has_table_privilege` with several privileges is true if the role has any of them."""
