"""One process's segments: lock their folder, repair them after a crash, read and remove them.

Ingress processes share a spool folder; each has its own sub-folder (`0`, `1`, …), which it locks while it
runs. What a process leaves is in an unlocked folder, and any process that drains takes it over.
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec
import structlog

from adapters.intake.spool.disk import Disk, NoRegularFile, try_to_write
from adapters.intake.spool.frames import HEAD_BYTES, Scan, first_batch_id, scan_frames
from adapters.sealing.batch_ids import accepted_ms

SUFFIX: Final = ".seg"
ASIDE: Final = ".bad"
"""A damaged segment: its complete frames have been drained, and the file is kept for an operator."""

_TRIED: Final = "tried"
"""A file that shows whether the folder can be written; no segment, since its name is no number."""

log = structlog.get_logger(__name__)


class Segment(msgspec.Struct, frozen=True):
    """A file that is complete. `since_ms`: when its first batch was accepted (Unix time)."""

    path: Path
    size: int
    since_ms: int


class SpoolFolder:
    """A locked sub-folder. Not for several threads at once."""

    def __init__(self, path: Path, lock: int, disk: Disk) -> None:
        self.path = path
        self.disk = disk
        self._lock = lock
        self._number = 0
        self.segments: list[Segment] = []
        """Oldest first."""

    @classmethod
    def acquire(cls, path: Path, disk: Disk) -> Self | None:
        """The repaired folder; None while another process owns it, or if it is a link or not a folder.

        Raises:
            OSError: it cannot be read or repaired.
        """
        lock = _locked(path, disk)
        if lock is None:
            return None
        try:
            folder = cls(path, lock, disk)
            folder.recover()
        except BaseException:
            # While it stays open, its lock would exclude every process, including this one.
            os.close(lock)
            raise
        return folder

    def recover(self) -> None:
        """Find the segments and truncate the last one after its last complete frame."""
        # An operator may have put a copy beside a damaged segment; its name is not a number.
        ours = sorted(file for file in self.path.iterdir() if file.stem.isdecimal())
        self._number = max((int(file.stem) for file in ours if file.suffix in {SUFFIX, ASIDE}), default=0)
        files = [file for file in ours if file.suffix == SUFFIX]
        if files:
            with contextlib.suppress(NoRegularFile):
                self._cut_torn_tail(files[-1])
        for file in files:
            self._keep_or_remove(file)

    def next_path(self) -> Path:
        """The path of the next segment. Names sort by age, and a process never reuses one."""
        self._number += 1
        return self.path / f"{self._number:012d}{SUFFIX}"

    def read(self, segment: Segment) -> Scan:
        """The frames of a segment. Raises OSError, NoRegularFile."""
        return scan_frames(self.disk.read(segment.path))

    def remove(self, segment: Segment) -> None:
        """Delete a segment that is completely in the inbox."""
        segment.path.unlink(missing_ok=True)
        self.segments.remove(segment)
        self.sync()

    def set_aside(self, segment: Segment) -> None:
        """Rename a damaged segment, if it still exists, so that it does not block later ones."""
        with contextlib.suppress(FileNotFoundError):
            segment.path.rename(segment.path.with_suffix(ASIDE))
        self.segments.remove(segment)
        self.sync()

    def sync(self) -> None:
        """Return when the folder's entries are on the medium."""
        self.disk.sync_entries(self._lock)

    def try_to_write(self) -> None:
        """Write a small file and delete it, in a folder that is made again if it is gone. Raises OSError."""
        if not self._is_there():
            self._make_again()
        tried = self.path / _TRIED
        tried.unlink(missing_ok=True)
        try_to_write(self.disk, tried)

    def close(self) -> None:
        """Release the folder."""
        os.close(self._lock)

    def _is_there(self) -> bool:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._lock))

    def _make_again(self) -> None:
        self.disk.make_folder(self.path)
        lock = _locked(self.path, self.disk)
        if lock is None:
            raise FileExistsError(errno.EEXIST, "another process has the sub-folder")
        os.close(self._lock)
        self._lock = lock
        log.warning("spool.made_again", n=int(self.path.name))

    def _cut_torn_tail(self, file: Path) -> None:
        content = self.disk.read(file)
        end = scan_frames(content).end
        if end == len(content):
            return
        # An unfinished write from when the process or the machine died, which was never acknowledged.
        descriptor = os.open(file, os.O_WRONLY)
        try:
            self.disk.truncate(descriptor, end)
            self.disk.sync(descriptor)
        finally:
            os.close(descriptor)
        log.warning("spool.truncated", bytes=len(content) - end)

    def _keep_or_remove(self, file: Path) -> None:
        state = file.lstat()
        modified_ms = int(state.st_mtime * 1000)
        segment = Segment(file, state.st_size, self._accepted_ms(file) or modified_ms)
        self.segments.append(segment)
        if segment.size == 0:
            self.remove(segment)

    def _accepted_ms(self, file: Path) -> int | None:
        try:
            batch_id = first_batch_id(self.disk.read(file, most=HEAD_BYTES))
        except (OSError, NoRegularFile):
            # The drainer meets the same error and logs it.
            return None
        return None if batch_id is None else accepted_ms(batch_id)


def _locked(path: Path, disk: Disk) -> int | None:
    """The descriptor of the folder, locked; None while another process owns it, or if it is a link or not a
    folder."""
    lock = disk.open_folder(path)
    if lock is None:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
