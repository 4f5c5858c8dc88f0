"""The spool of one process: it stores batches while the inbox cannot, and returns them in order."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar

import structlog

from adapters.intake.spool.disk import Disk
from adapters.intake.spool.folder import ASIDE, SUFFIX, SpoolFolder
from adapters.intake.spool.frames import Frame, encode_frame
from adapters.intake.spool.writer import SegmentWriter
from adapters.sealing.batch_ids import accepted_ms
from domain.errors import SettingsError, SpoolBroken, SpoolRefused

SEGMENT_BYTES: Final = 8 * 1024 * 1024
"""Size in bytes at which a segment ends; about this much is read into memory at once, or sent again after a
crash.
"""

LEAST_FREE: Final = 1024 * 1024
"""With fewer free bytes than this, no batch is expected to fit."""

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Spool:
    """All disk access runs in one dedicated thread, one call after the other."""

    def __init__(self, folder: SpoolFolder, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._writer = SegmentWriter(folder, segment_bytes=segment_bytes)
        self._thread = ThreadPoolExecutor(1, "spool")
        self._refusing = False
        self._at_cap = False
        self._broken = False
        self._unusable: set[Path] = set()
        self.writable = True
        """False while nothing could be written at the last trial."""
        self.bytes_aside = 0
        """Bytes of damaged segments in the spool folder, of all processes; an operator must examine them."""

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        max_bytes: int,
        segment_bytes: int = SEGMENT_BYTES,
        disk: Disk | None = None,
    ) -> Self:
        """Lock the first free sub-folder of `root` and repair it; `max_bytes` is the cap of this process.

        Raises:
            SettingsError: the folder cannot be used.
        """
        try:
            spool = cls(
                _acquire_first_free(root, disk or Disk()), max_bytes=max_bytes, segment_bytes=segment_bytes
            )
        except OSError as error:
            raise SettingsError(f"FACEID_SPOOL_DIR: {root} cannot be used ({error.strerror})") from error
        spool.count_aside()
        if spool.bytes_aside:
            log.warning("spool.set_aside", bytes=spool.bytes_aside)
        if spool.size:
            log.warning("spool.recovered", segments=spool.segments, bytes=spool.size)
        log.info("spool.opened", n=int(spool.folder.path.name))
        return spool

    @property
    def size(self) -> int:
        """Bytes that wait in this process's sub-folder."""
        return sum(segment.size for segment in self.folder.segments) + self._writer.size

    @property
    def segments(self) -> int:
        """The number of waiting files, including the one being written."""
        return len(self.folder.segments) + (self._writer.size > 0)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting batch of this process's sub-folder was accepted (Unix time)."""
        waiting = [segment.since_ms for segment in self.folder.segments]
        return min([*waiting, self._writer.since_ms] if self._writer.size else waiting, default=None)

    def can_accept(self) -> bool:
        """Whether the next batch will probably fit."""
        if self._broken or self._at_cap or not self.writable:
            return False
        try:
            return self.folder.disk.free_bytes(self.folder.path) >= LEAST_FREE
        except OSError:
            return False

    async def put(self, batch_id: str, sealed: bytes) -> int:
        """Write a batch to disk and return its size there in bytes.

        Raises:
            SpoolRefused: no space, or the write failed; a later batch may succeed.
            SpoolBroken: an fsync failed. This process must end.
        """
        frame = encode_frame(Frame(batch_id, sealed))
        try:
            await self.in_thread(lambda: self._append(frame, accepted_ms(batch_id) or _now_ms()))
        except SpoolRefused as error:
            self._note_refusal(error)
            raise
        except SpoolBroken:
            self._broken = True
            raise
        self._refusing = self._at_cap = False
        return len(frame)

    async def roll(self) -> None:
        """End the current segment, so that it can be drained."""
        await self.in_thread(self._writer.roll)

    def made_room(self) -> None:
        """A segment has been removed."""
        self._at_cap = False

    def try_to_write(self) -> None:
        """Find out whether a batch could be written, before Redis is away. Call it `in_thread`."""
        was_writable, error = self.writable, self._error_of_a_trial()
        self.writable = error is None
        if error is not None and was_writable:
            log.error("spool.unwritable", detail=error.strerror, error=type(error).__name__)

    def count_aside(self) -> None:
        """Count the bytes that are set aside. Call it `in_thread`."""
        found = self.folder.path.parent.glob(f"*/*{ASIDE}")
        self.bytes_aside = sum(file.lstat().st_size for file in found)

    def adopt_orphans(self) -> list[SpoolFolder]:
        """Take over sub-folders with segments whose process no longer runs. Call it `in_thread`."""
        orphans = []
        for path in sorted(self.folder.path.parent.iterdir()):
            if path == self.folder.path or not path.name.isdecimal() or not _has_segments(path):
                continue
            try:
                orphan = SpoolFolder.acquire(path, self.folder.disk)
            except OSError as error:
                if path not in self._unusable:
                    log.warning("spool.orphan_unusable", n=int(path.name), error=type(error).__name__)
                self._unusable.add(path)
                continue
            self._unusable.discard(path)
            if orphan is not None:
                orphans.append(orphan)
        return orphans

    async def in_thread(self, call: Callable[[], Result]) -> Result:
        """Run a function in the disk thread, where nothing else runs at the same time."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def aclose(self) -> None:
        """Finish the current write and release the sub-folder; waiting batches stay."""
        await self.roll()
        self._thread.shutdown()
        self.folder.close()

    def _error_of_a_trial(self) -> OSError | None:
        try:
            self.folder.try_to_write()
        except OSError as error:
            return error
        return None

    def _append(self, frame: bytes, since_ms: int) -> None:
        if self.size + len(frame) > self._max_bytes:
            self._at_cap = True
            raise SpoolRefused("the cap is reached")
        self._writer.append(frame, accepted_ms=since_ms)

    def _note_refusal(self, error: SpoolRefused) -> None:
        """Log the first refusal only: each refused callback has its own line."""
        if not self._refusing:
            cause = error.__cause__
            reason = cause.strerror if isinstance(cause, OSError) else None
            detail = f"{error}: {reason}" if reason else str(error)
            log.error("spool.full", detail=detail, bytes=self.size, error=cause and type(cause).__name__)
        self._refusing = True


def _acquire_first_free(root: Path, disk: Disk) -> SpoolFolder:
    disk.make_folder(root)
    number = 0
    while True:
        path = root / str(number)
        folder = _acquire(path, disk)
        if folder is not None:
            return folder
        number += 1


def _acquire(path: Path, disk: Disk) -> SpoolFolder | None:
    """The sub-folder, created if necessary; None if it cannot be used. Raises OSError."""
    if not path.is_symlink():
        disk.make_folder(path)
    try:
        return SpoolFolder.acquire(path, disk)
    except OSError as error:
        if not _has_segments(path):
            raise
        # An earlier process left it and it cannot be repaired now; it is retried as an orphan.
        log.warning("spool.orphan_unusable", n=int(path.name), error=type(error).__name__)
        return None


def _has_segments(path: Path) -> bool:
    return not path.is_symlink() and any(path.glob(f"*{SUFFIX}"))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
