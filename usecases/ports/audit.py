"""The audit: how blocks are closed over its rows, anchored, read and exported."""

from typing import Protocol

from domain.audit.blocks import Block
from domain.audit.row import AuditRow
from domain.views.audit import AuditFilter, AuditPage, AuditPosition


class AuditLog(Protocol):
    """Appends rows that record no change of a table, and reads rows."""

    async def note(self, row: AuditRow) -> None:
        """Append a row in a transaction of its own. Raises ServerAway."""

    async def page(self, which: AuditFilter, *, limit: int, after: AuditPosition | None = None) -> AuditPage:
        """Up to `limit` rows that match, newest first. Raises ServerAway."""


class AuditBlocks(Protocol):
    """Closes blocks over committed rows."""

    async def close(self, *, limit: int, checkpoint: bool, look_at_all: bool = False) -> Block | None:
        """Close one block over up to `limit` committed rows that no block has, with an event
        `audit.checkpoint` if `checkpoint`. None if there are no such rows, or another process is closing one.

        `look_at_all`: look at every row, and not only at those of newer transactions. A database that was
        restored into another server needs this once.

        Raises ServerAway: PostgreSQL is away; no block was closed, or exactly one.
        """

    async def newest(self) -> Block | None:
        """The newest block; None before the first."""


class Anchor(Protocol):
    """A place outside the database that keeps hashes of blocks."""

    async def keep(self, block: Block) -> None:
        """Keep the block's height and hash, unless it keeps them already. Raises AnchorFailed, ServerAway."""
