"""Export the audit for a verifier, line by line, in one snapshot; and purge old rows."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.audit.blocks import stored_row
from adapters.store.statements.holds import ROW_IS_HELD
from domain.audit.blocks import members_of, merkle_path, time_text
from domain.audit.row import StoredRow

_AT_ONCE: Final = 1000

Line = dict[str, Any]


class PgAuditExport:
    """Reads everything that a verifier needs, and deletes old rows."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def lines(self) -> AsyncIterator[Line]:
        """Blocks by height, each followed by its rows; then rows that are in no block, and time stamps.

        A purged row is there with its hash alone.
        """
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="REPEATABLE READ")
            async for part in self._blocks(connection):
                yield part
            for row in await _all(connection, _OPEN):
                yield {"kind": "open", "row": members_of(stored_row(row))}
            for row in await _all(connection, _STAMPS):
                token = base64.b64encode(row.token).decode()
                yield {"kind": "timestamp", "height": row.height, "token": token}

    async def proof(self, audit_id: int, *, until: int | None = None) -> Line | None:
        """A row with what shows that it is in its block, and the later blocks up to `until`.

        None: the row is in no block, or purged.
        """
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="REPEATABLE READ")
            found = await _all(connection, _ROW, id=audit_id)
            if not found:
                return None
            line = _row_line(found[0])
            height, position = line["height"], line["position"]
            leaves = [row.leaf for row in await _all(connection, _LEAVES, height=height)]
            blocks = await _all(connection, _BLOCKS, after=height - 1, limit=(until or height) - height + 1)
        path = [each.hex() for each in merkle_path(leaves, position)]
        return line | {"kind": "proof", "path": path, "blocks": [_block_line(each) for each in blocks]}

    async def purge(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows from before this time that are in blocks; their number. Their hashes
        stay, so the blocks still verify. Rows about a verification that is held stay. The application's role
        may not do this.
        """
        async with self._engine.begin() as connection:
            return (await connection.execute(_PURGE, {"before": before, "limit": limit})).rowcount

    async def _blocks(self, connection: AsyncConnection) -> AsyncIterator[Line]:
        height = 0
        while blocks := await _all(connection, _BLOCKS, after=height, limit=_AT_ONCE):
            for block in blocks:
                yield _block_line(block)
                for row in await _all(connection, _ROWS, height=block.height):
                    yield _row_line(row)
            height = blocks[-1].height


async def _all(connection: AsyncConnection, statement: Any, **values: Any) -> list[Row[Any]]:
    return list(await connection.execute(statement, values))


def _block_line(block: Row[Any]) -> Line:
    return {
        "kind": "block",
        "height": block.height,
        "closed_at": time_text(block.closed_at),
        "count": block.count,
        "root": block.root.hex(),
        "previous": block.previous.hex(),
        "hash": block.hash.hex(),
    }


def _row_line(row: Row[Any]) -> Line:
    place = {"height": row.height, "position": row.position, "leaf": row.leaf.hex()}
    if row.id is None:
        return {"kind": "purged", **place, "id": row.audit_id}
    return {"kind": "row", **place, "salt": row.salt.hex, "row": members_of(stored_row(row))}


_COLUMNS: Final = ", ".join(f"a.{name}" for name in StoredRow.__struct_fields__)

_BLOCKS: Final = text("""
SELECT height, closed_at, count, root, previous, hash FROM audit_blocks
WHERE height > :after ORDER BY height LIMIT :limit
""")

_ROWS: Final = text(f"""
SELECT l.audit_id, l.height, l.position, l.leaf, {_COLUMNS}
FROM audit_leaves l LEFT JOIN audit a ON a.id = l.audit_id
WHERE l.height = :height ORDER BY l.position
""")  # noqa: S608 - constants alone

_ROW: Final = text(f"""
SELECT l.audit_id, l.height, l.position, l.leaf, {_COLUMNS}
FROM audit_leaves l JOIN audit a ON a.id = l.audit_id WHERE l.audit_id = :id
""")  # noqa: S608 - as above

_LEAVES: Final = text("SELECT leaf FROM audit_leaves WHERE height = :height ORDER BY position")

_OPEN: Final = text(f"""
SELECT {_COLUMNS} FROM audit a
WHERE NOT EXISTS (SELECT FROM audit_leaves WHERE audit_id = a.id) ORDER BY a.id
""")  # noqa: S608 - as above

_STAMPS: Final = text("SELECT height, token FROM audit_timestamps ORDER BY height")

_PURGE: Final = text(f"""
DELETE FROM audit WHERE id = ANY(ARRAY(
  SELECT a.id FROM audit a JOIN audit_leaves l ON l.audit_id = a.id
  WHERE a.at < :before AND NOT {ROW_IS_HELD}
  ORDER BY a.id LIMIT :limit))
""")  # noqa: S608 - as above
