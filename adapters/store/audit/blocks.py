"""Close blocks over committed rows of the audit. Writers never wait for it, and it never skips a row.

Numbers and times of rows do not grow in the order of commits, so no position separates new rows from old.
A row is new if it has no leaf. To find new rows without reading all, a block notes the oldest transaction
that was running when its rows were read (`since_xid`): the rows of older transactions were visible then, so
they have a leaf. The next block looks from there. A row that is committed late is of a transaction that was
running, however old its number is. The key of `audit_leaves` lets a row into one block only.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.events import log
from adapters.store.tables.audit import audit_blocks, audit_leaves
from domain.audit.blocks import Block, close_block, leaf_of
from domain.audit.row import StoredRow
from domain.events.event import EventType, NewEvent

_LOCK: Final = 4026531842
"""The key of the advisory lock of the one that closes; the event log has the one before."""

_NEWEST: Final = select(audit_blocks).order_by(audit_blocks.c.height.desc()).limit(1)


class PgAuditBlocks:
    """Closes blocks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def close(self, *, limit: int, checkpoint: bool, look_at_all: bool = False) -> Block | None:
        """Close one block over up to `limit` committed rows that no block has, with an event
        `audit.checkpoint` if `checkpoint`. None if there are no such rows, or another process is closing one.

        `look_at_all`: look at every row, and not only at those of newer transactions.
        """
        async with self._engine.begin() as connection:
            if not await connection.scalar(_TRY_LOCK):
                return None
            last = await _last(connection)
            since = 0 if last is None or look_at_all else last.since_xid
            found = (await connection.execute(_NEW, {"since": since, "limit": limit})).all()
            rows = [row for row in found if row.id is not None]
            if not rows:
                return None
            block = await _close(connection, rows, last, since_xid=_since(found, full=len(rows) == limit))
            if checkpoint:
                app_ids = (await connection.execute(_APPS_THAT_KEEP_CHECKPOINTS)).scalars()
                await log.append(connection, [_checkpoint(block, app_id) for app_id in (None, *app_ids)])
            return block

    async def newest(self) -> Block | None:
        """The newest block; None before the first."""
        async with self._engine.connect() as connection:
            last = await _last(connection)
        return None if last is None else _block_of(last)


async def _last(connection: AsyncConnection) -> Row[Any] | None:
    return (await connection.execute(_NEWEST)).first()


def _since(found: Sequence[Row[Any]], *, full: bool) -> int:
    """Where the next block looks from: rows of older transactions, which came first, have a leaf now."""
    oldest_running: int = found[0].xmin
    return min(oldest_running, found[-1].xid) if full else oldest_running


async def _close(
    connection: AsyncConnection, rows: Sequence[Row[Any]], last: Row[Any] | None, *, since_xid: int
) -> Block:
    leaves = [leaf_of(stored_row(row)) for row in rows]
    after = None if last is None else _block_of(last)
    block = close_block(leaves, closed_at=rows[0].now, after=after)
    columns = {name: getattr(block, name) for name in Block.__struct_fields__} | {"since_xid": since_xid}
    await connection.execute(insert(audit_blocks).values(columns))
    await connection.execute(
        insert(audit_leaves),
        [
            {"audit_id": row.id, "height": block.height, "position": position, "leaf": leaf}
            for position, (row, leaf) in enumerate(zip(rows, leaves, strict=True))
        ],
    )
    return block


def _checkpoint(block: Block, app_id: str | None) -> NewEvent:
    detail = {"height": block.height, "hash": block.hash.hex(), "count": block.count}
    return NewEvent(EventType.AUDIT_CHECKPOINT, block.closed_at, app_id, detail=detail)


def stored_row(row: Row[Any]) -> StoredRow:
    """A row of the table `audit`."""
    return StoredRow(**{name: getattr(row, name) for name in StoredRow.__struct_fields__})


def _block_of(row: Row[Any]) -> Block:
    return Block(**{name: getattr(row, name) for name in Block.__struct_fields__})


# An endpoint gets the events of its app alone. Those that select every type are no keepers of anchors.
_APPS_THAT_KEEP_CHECKPOINTS: Final = text("""
SELECT DISTINCT app_id FROM endpoints
WHERE state = 'enabled' AND types && ARRAY['audit.checkpoint', 'audit.*'] ORDER BY app_id
""")

_TRY_LOCK: Final = text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")

_COLUMNS: Final = ", ".join(StoredRow.__struct_fields__)

# A restored database may be in a server that counts transactions from the beginning: then look at all rows.
_NEW: Final = text(f"""
SELECT now() AS now, s.xmin, r.*
FROM (SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS xmin,
             CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS xmax) AS s
LEFT JOIN LATERAL (
  SELECT xid, {_COLUMNS} FROM audit
  WHERE xid >= CASE WHEN :since > s.xmax THEN 0 ELSE :since END
    AND NOT EXISTS (SELECT FROM audit_leaves WHERE audit_id = audit.id)
  ORDER BY xid, id LIMIT :limit
) AS r ON true
ORDER BY r.xid, r.id
""")  # noqa: S608 - constants alone
"""One statement, so that `xmin` belongs to the very snapshot that finds the rows."""
