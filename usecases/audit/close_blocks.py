"""Close blocks over new rows of the audit, and anchor the newest one outside, at each sweep."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from usecases.ports.audit import Anchor, AuditBlocks

AT_ONCE: Final = 1000
"""Rows of one block. Hashing them takes about 20 ms, in which the worker does nothing else."""

MOST: Final = 20
"""Blocks of one sweep."""

EVERY: Final = 60.0
"""Seconds between two looks for new rows."""

log = structlog.get_logger(__name__)


class BlockClosing:
    """Closes blocks at most once a minute in this process.

    `checkpoints`: whether a block's checkpoint may go to the event log: all live processes know this type.
    """

    def __init__(
        self,
        blocks: AuditBlocks,
        anchors: Sequence[Anchor] = (),
        *,
        checkpoints: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._blocks = blocks
        self._anchors = anchors
        self._checkpoints = checkpoints
        self._monotonic = monotonic
        self._looked_at = -math.inf

    async def close(self) -> None:
        """Close blocks over the rows that wait, up to `MOST`, unless a minute has not passed yet.

        Raises:
            ServerAway: PostgreSQL is away; the blocks closed before that stay closed.
        """
        now = self._monotonic()
        if now < self._looked_at + EVERY:
            return
        closed = await close_blocks(self._blocks, checkpoint=self._checkpoints(), most=MOST)
        if closed < MOST:
            self._looked_at = now

    async def anchor(self) -> None:
        """Have every anchor keep the newest block; each knows what it has kept.

        Raises:
            AnchorFailed, ServerAway: one could not; the others have been asked.
        """
        block = await self._blocks.newest() if self._anchors else None
        if block is None:
            return
        ends = await asyncio.gather(*(each.keep(block) for each in self._anchors), return_exceptions=True)
        for failed in filter(None, ends):
            raise failed


async def close_blocks(
    blocks: AuditBlocks, *, checkpoint: bool, most: float = math.inf, look_at_all: bool = False
) -> int:
    """Close blocks until no row waits, or until there are `most`; returns their number. Raises ServerAway."""
    count = 0
    while count < most:
        block = await blocks.close(limit=AT_ONCE, checkpoint=checkpoint, look_at_all=look_at_all)
        if block is None:
            break
        count += 1
        log.info("audit.block_closed", height=block.height, count=block.count, hash=block.hash.hex())
    return count
