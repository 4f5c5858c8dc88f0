"""One owner's segments: claimed by a lock, mended after a crash, read, and removed when nobody needs them.

Ingress processes share a spool folder; each has a sub-folder of its own (`0`, `1`, …), locked for as long
as it lives. What a process leaves behind is in a folder that nobody locks, and whoever drains takes it over.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec
import structlog

from adapters.batch_ids import accepted_ms
from adapters.spool.disk import Disk, NoRegularFile
from adapters.spool.frames import HEAD_BYTES, Scan, first_batch_id, scan_frames

SUFFIX: Final = ".seg"
ASIDE: Final = ".bad"
"""A segment with damage in it: what was whole has been drained, the file is kept for a person to look at."""

log = structlog.get_logger(__name__)


class Segment(msgspec.Struct, frozen=True):
    """A file that is no longer written to. `since_ms`: when its first batch was accepted (Unix time)."""

    path: Path
    size: int
    since_ms: int


class SpoolFolder:
    """A claimed sub-folder. Not for several threads at once."""

    def __init__(self, path: Path, lock: int, disk: Disk) -> None:
        self.path = path
        self.disk = disk
        self._lock = lock
        self._number = 0
        self.segments: list[Segment] = []
        """Oldest first."""

    @classmethod
    def claim(cls, path: Path, disk: Disk) -> Self | None:
        """The repaired folder; None while another process owns it, or if it is a link or no folder.

        Raises:
            OSError: it cannot be read or mended.
        """
        lock = disk.open_folder(path)
        if lock is None:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        try:
            folder = cls(path, lock, disk)
            folder.recover()
        except BaseException:
            # Kept open, the lock would keep everybody out, this process too, for as long as it lives.
            os.close(lock)
            raise
        return folder

    def recover(self) -> None:
        """Find the segments and cut off what the last one has behind its last whole frame."""
        # A person may have put a copy beside what was set aside: its name is no number.
        ours = sorted(file for file in self.path.iterdir() if file.stem.isdecimal())
        self._number = max((int(file.stem) for file in ours if file.suffix in {SUFFIX, ASIDE}), default=0)
        files = [file for file in ours if file.suffix == SUFFIX]
        if files:
            with contextlib.suppress(NoRegularFile):
                self._cut_torn_tail(files[-1])
        for file in files:
            self._keep_or_remove(file)

    def next_path(self) -> Path:
        """Where the next segment goes. Names tell the order, and an owner gives none twice."""
        self._number += 1
        return self.path / f"{self._number:012d}{SUFFIX}"

    def read(self, segment: Segment) -> Scan:
        """The frames of a segment. Raises OSError, NoRegularFile."""
        return scan_frames(self.disk.read(segment.path))

    def remove(self, segment: Segment) -> None:
        """Delete a segment, all of which stands in the inbox."""
        segment.path.unlink(missing_ok=True)
        self.segments.remove(segment)
        self.sync()

    def set_aside(self, segment: Segment) -> None:
        """Keep a damaged segment, if it is there at all, out of the way of those behind it."""
        with contextlib.suppress(FileNotFoundError):
            segment.path.rename(segment.path.with_suffix(ASIDE))
        self.segments.remove(segment)
        self.sync()

    def sync(self) -> None:
        """Return when the folder's entries are on the medium."""
        self.disk.sync_entries(self._lock)

    def close(self) -> None:
        """Give the folder up."""
        os.close(self._lock)

    def _cut_torn_tail(self, file: Path) -> None:
        content = self.disk.read(file)
        end = scan_frames(content).end
        if end == len(content):
            return
        # The write that was under way when the process or the machine died: nobody was told that it stands.
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
            # Whoever drains it meets that too, and says so.
            return None
        return None if batch_id is None else accepted_ms(batch_id)
