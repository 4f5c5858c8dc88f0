"""Frames, spools on a folder, and disks that fail as told."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from adapters.intake.spool.disk import Disk
from adapters.intake.spool.folder import SUFFIX
from adapters.intake.spool.frames import Frame, encode_frame, scan_frames
from adapters.intake.spool.spool import SEGMENT_BYTES, Spool
from tests.support.storage.intakes import ROOMY, segments


def frame(n: int = 1, *, size: int = 50) -> Frame:
    """Frame number `n`, with `size` sealed bytes."""
    return Frame(f"{n:032x}", (bytes([n % 256]) * size)[:size])


def frames(count: int, *, first: int = 1) -> list[Frame]:
    return [frame(n) for n in range(first, first + count)]


def encoded(*which: Frame) -> bytes:
    return b"".join(encode_frame(each) for each in which)


def open_spool(
    root: Path,
    *,
    max_bytes: int = ROOMY,
    segment_bytes: int = SEGMENT_BYTES,
    disk: Disk | None = None,
) -> Spool:
    return Spool.open(root, max_bytes=max_bytes, segment_bytes=segment_bytes, disk=disk)


async def fill(spool: Spool, which: list[Frame]) -> None:
    for each in which:
        await spool.put(each.batch_id, each.sealed)


def on_disk(root: Path) -> list[Frame]:
    """Every whole frame in every segment, in order."""
    return [each for file in segments(root) for each in scan_frames(file.read_bytes()).frames]


def leave_behind(root: Path, *contents: bytes, owner: int = 0) -> list[Path]:
    """Segments of a process that is gone, with these contents."""
    folder = root / str(owner)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:012d}.seg" for number in range(1, len(contents) + 1)]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return files


@dataclass
class FailingDisk(Disk):
    """A real disk, except for the calls set to fail: `next_write` bytes are written at most, once."""

    next_write: int | None = None
    write_error: int | None = None
    sync_error: int | None = None
    folder_error: int | None = None
    truncate_error: int | None = None
    unreadable: dict[str, int] = field(default_factory=dict)
    """Errors by file name."""
    syncs: list[str] = field(default_factory=list)
    """The segments that were synced, by file name; without trials."""

    def write(self, descriptor: int, content: bytes) -> int:
        if self.write_error is not None:
            super().write(descriptor, content[: len(content) // 2])
            raise OSError(self.write_error, os.strerror(self.write_error))
        if self.next_write is None:
            return super().write(descriptor, content)
        allowed, self.next_write = self.next_write, None
        return super().write(descriptor, content[:allowed])

    def sync(self, descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        if name.endswith(SUFFIX):
            self.syncs.append(name)
        self._maybe(self.sync_error, lambda: super(FailingDisk, self).sync(descriptor))

    def sync_entries(self, descriptor: int) -> None:
        self._maybe(self.folder_error, lambda: super(FailingDisk, self).sync_entries(descriptor))

    def read(self, path: Path, *, most: int = -1) -> bytes:
        if path.name in self.unreadable:
            raise OSError(self.unreadable[path.name], os.strerror(self.unreadable[path.name]))
        return super().read(path, most=most)

    def truncate(self, descriptor: int, size: int) -> None:
        self._maybe(self.truncate_error, lambda: super(FailingDisk, self).truncate(descriptor, size))

    def _maybe(self, error: int | None, call: Callable[[], None]) -> None:
        if error is not None:
            raise OSError(error, os.strerror(error))
        call()


EIO, ENOSPC = errno.EIO, errno.ENOSPC
