"""An audit to verify: rows in blocks, its export, and its anchors."""

import json
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.audit.export import PgAuditExport
from adapters.store.audit.rows import append
from domain.audit.action import Action
from domain.audit.row import AuditRow

Line = dict[str, Any]


def audit_row(n: int = 1, **changes: Any) -> AuditRow:
    """A row with every kind of value."""
    detail = {"count": n, "more": True, "app": None, "名": ["é", {"deep": "\U0001f600"}]}
    row = AuditRow(action=Action.ENDPOINT_CHANGED, actor="person:li.na", subject=str(n), detail=detail)
    return msgspec.structs.replace(row, **changes)


async def write_rows(engine: AsyncEngine, count: int = 1, **changes: Any) -> None:
    """Append rows in one transaction."""
    async with engine.begin() as connection:
        await append(connection, [audit_row(n, **changes) for n in range(count)])


async def close_all(engine: AsyncEngine, *, limit: int = 100) -> list[tuple[int, str]]:
    """Close blocks until no row waits; their anchors."""
    anchors = []
    while block := await PgAuditBlocks(engine).close(limit=limit, checkpoint=False):
        anchors.append((block.height, block.hash.hex()))
    return anchors


async def exported(engine: AsyncEngine) -> list[Line]:
    """The lines of an export, as a reader of the file gets them."""
    return [json.loads(json.dumps(line)) async for line in PgAuditExport(engine).lines()]
