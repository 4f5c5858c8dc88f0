"""Blocks over rows of the audit, and anchors, in memory."""

from datetime import UTC, datetime

from domain.audit.blocks import Block, close_block
from domain.audit.row import AuditRow
from domain.errors import AnchorFailed, ServerAway
from domain.views.audit import AuditFilter, AuditPage, AuditPosition

_AT = datetime(2026, 3, 7, tzinfo=UTC)


class MemoryAuditBlocks:
    """Closes blocks over leaves that the test adds."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.blocks: list[Block] = []
        self.checkpoints: list[int] = []
        self.away = False

    async def close(self, *, limit: int, checkpoint: bool, look_at_all: bool = False) -> Block | None:
        if self.away:
            raise ServerAway("away")
        taken, self.leaves = self.leaves[:limit], self.leaves[limit:]
        if not taken:
            return None
        block = close_block(taken, closed_at=_AT, after=await self.newest())
        self.blocks.append(block)
        if checkpoint:
            self.checkpoints.append(block.height)
        return block

    async def newest(self) -> Block | None:
        return self.blocks[-1] if self.blocks else None


class MemoryAnchor:
    """Keeps heights, unless it is away."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.away = False

    async def keep(self, block: Block) -> None:
        if self.away:
            raise AnchorFailed("away")
        self.kept.append(block.height)


class Rows:
    """Takes rows, unless it is away."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.away = False

    async def note(self, row: AuditRow) -> None:
        if self.away:
            raise ServerAway("away")
        self.rows.append(row)

    async def page(self, which: AuditFilter, *, limit: int, after: AuditPosition | None = None) -> AuditPage:
        raise NotImplementedError
