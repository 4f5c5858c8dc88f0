"""The file has a line for each newest block, whichever process writes it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.outbound.anchors.file import AnchorFile
from cli.audit.verify_audit import anchors_in
from domain.audit.blocks import Block, close_block
from domain.errors import AnchorFailed

AT = datetime(2026, 11, 28, 20, 52, 7, 123456, tzinfo=UTC)


def chain(count: int) -> list[Block]:
    blocks: list[Block] = []
    for n in range(count):
        blocks.append(close_block([bytes([n] * 32)], closed_at=AT, after=blocks[-1] if blocks else None))
    return blocks


async def test_each_block_is_one_line(tmp_path: Path) -> None:
    path, blocks = tmp_path / "anchors", chain(3)
    first, second = AnchorFile(path), AnchorFile(path)
    for anchor, block in [(first, blocks[0]), (first, blocks[0]), (second, blocks[1]), (first, blocks[2])]:
        await anchor.keep(block)
    lines = path.read_bytes().splitlines()
    assert list(anchors_in(lines)) == [(each.height, each.hash.hex()) for each in blocks]
    assert b'"closed_at":"2026-11-28T20:52:07.123456Z"' in lines[0]
    assert path.stat().st_mode & 0o777 == 0o640


async def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    folder, [block] = tmp_path / "mount", chain(1)
    anchor = AnchorFile(folder / "anchors")
    with pytest.raises(AnchorFailed, match="No such file"):
        await anchor.keep(block)
    folder.mkdir()
    await anchor.keep(block)
    assert len((folder / "anchors").read_bytes().splitlines()) == 1
