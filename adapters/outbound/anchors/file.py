"""A file that keeps hashes of the audit's blocks: on another disk, or on a mount of another machine."""

import asyncio
import os
from pathlib import Path

import msgspec

from domain.audit.blocks import Block, time_text
from domain.errors import AnchorFailed


class AnchorFile:
    """Appends a line of JSON for each block, and syncs it. Several processes may append to one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = 0

    async def keep(self, block: Block) -> None:
        """Append the block, unless this process has appended it. Raises AnchorFailed."""
        if block.height <= self._kept:
            return
        try:
            await asyncio.to_thread(_append, self._path, anchor_line(block))
        except OSError as error:
            raise AnchorFailed(f"{self._path}: {error.strerror}") from None
        self._kept = block.height


def anchor_line(block: Block) -> bytes:
    """An anchor as one line: the height, the hash and the time of a block."""
    members = {"height": block.height, "hash": block.hash.hex(), "closed_at": time_text(block.closed_at)}
    return msgspec.json.encode(members) + b"\n"


def _append(path: Path, line: bytes) -> None:
    # O_APPEND writes each line whole, behind those of others.
    with open(path, "ab", buffering=0, opener=_owners_alone) as file:
        file.write(line)
        os.fsync(file.fileno())


def _owners_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)
