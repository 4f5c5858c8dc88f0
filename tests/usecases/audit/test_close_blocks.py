"""Blocks are closed once a minute, and every anchor keeps the newest."""

from datetime import timedelta

import pytest

from domain.errors import AnchorFailed, ServerAway
from tests.support.memory.audit import MemoryAnchor, MemoryAuditBlocks
from tests.support.storage.stores import Clock
from usecases.audit.close_blocks import AT_ONCE, EVERY, MOST, BlockClosing


async def test_rows_wait_for_a_minute(clock: Clock) -> None:
    blocks = MemoryAuditBlocks()
    closing = BlockClosing(blocks, checkpoints=lambda: True, monotonic=clock.monotonic)
    for seconds, heights in [(0, 1), (EVERY - 1, 1), (1, 2)]:
        clock.go_on(timedelta(seconds=seconds))
        blocks.leaves.append(bytes(32))
        await closing.close()
        assert len(blocks.blocks) == heights
    assert [block.count for block in blocks.blocks] == [1, 2]
    assert blocks.checkpoints == [1, 2]


async def test_many_rows_do_not_wait(clock: Clock) -> None:
    blocks = MemoryAuditBlocks()
    closing = BlockClosing(blocks, checkpoints=lambda: False, monotonic=clock.monotonic)
    blocks.leaves = [bytes(32)] * (AT_ONCE * MOST + 1)
    await closing.close()
    assert len(blocks.blocks) == MOST
    await closing.close()
    assert len(blocks.blocks) == MOST + 1
    assert blocks.checkpoints == []


async def test_anchors_keep_the_newest_block() -> None:
    blocks, anchors = MemoryAuditBlocks(), [MemoryAnchor(), MemoryAnchor()]
    closing = BlockClosing(blocks, anchors, checkpoints=lambda: True)
    await closing.anchor()
    assert [anchor.kept for anchor in anchors] == [[], []]
    blocks.leaves = [bytes(32)] * (AT_ONCE + 1)
    await closing.close()
    await closing.anchor()
    assert [anchor.kept for anchor in anchors] == [[2], [2]]


async def test_an_anchor_that_is_away_does_not_stop_the_others() -> None:
    blocks, anchors = MemoryAuditBlocks(), [MemoryAnchor(), MemoryAnchor()]
    anchors[0].away = True
    closing = BlockClosing(blocks, anchors, checkpoints=lambda: True)
    blocks.leaves = [bytes(32)]
    await closing.close()
    with pytest.raises(AnchorFailed):
        await closing.anchor()
    assert anchors[1].kept == [1]


async def test_after_a_failure_the_next_sweep_tries_again(clock: Clock) -> None:
    blocks = MemoryAuditBlocks()
    closing = BlockClosing(blocks, checkpoints=lambda: True, monotonic=clock.monotonic)
    blocks.leaves, blocks.away = [bytes(32)], True
    with pytest.raises(ServerAway):
        await closing.close()
    blocks.away = False
    await closing.close()
    assert len(blocks.blocks) == 1
