"""Move batches from the spool to the inbox: in order, at a limited rate, at least once."""

import asyncio
from pathlib import Path
from typing import Final, Protocol

import structlog

from adapters.intake.spool.disk import NoRegularFile
from adapters.intake.spool.folder import Segment, SpoolFolder
from adapters.intake.spool.frames import Frame, Scan
from adapters.intake.spool.spool import Spool

_LOOK_EVERY: Final = 0.25
_AFTER_AN_ERROR: Final = 2.0
_TRY_EVERY: Final = 5.0

log = structlog.get_logger(__name__)


class Gate(Protocol):
    """The gate to the inbox."""

    @property
    def usable(self) -> bool:
        """Whether the inbox takes batches now."""

    async def put(self, batch_id: str, sealed: bytes) -> bool:
        """Put a batch; True if it is in the inbox now. Putting one twice is harmless."""


class Drainer:
    """Drains one process's sub-folder and those of processes that are gone.

    A segment is removed when all of it is in the inbox; after a crash before that it is sent again. A damaged
    segment is set aside; one that cannot be read now is retried later and does not block others.
    """

    def __init__(
        self,
        spool: Spool,
        gate: Gate,
        *,
        rate: float,
        look_for_orphans_every: float = 5.0,
        unreadable_rests: float = 5.0,
    ) -> None:
        self._spool = spool
        self._gate = gate
        self._pause = 1 / rate
        self._look_for_orphans_every = look_for_orphans_every
        self._unreadable_rests = unreadable_rests
        self._reached: tuple[Path, int] | None = None
        self._orphans_due = 0.0
        self._trial_due = 0.0
        self._unreadable: dict[Path, float] = {}
        """Segments that could not be read, and when each is retried."""

    async def run(self) -> None:
        """Drain whenever something waits and the inbox accepts it, and try the disk, until cancelled."""
        while True:
            pause = _LOOK_EVERY
            try:
                await self._try_the_disk()
                await self.drain()
            except Exception:
                log.exception("spool.drain_failed")
                pause = _AFTER_AN_ERROR
            await asyncio.sleep(pause)

    async def drain(self) -> None:
        """Drain until nothing is left or the inbox accepts no more."""
        if not self._gate.usable:
            return
        if self._spool.size:
            await self._spool.roll()
            await self._drain_folder(self._spool.folder)
        await self._drain_orphans()

    async def _try_the_disk(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._trial_due:
            self._trial_due = now + _TRY_EVERY
            await self._spool.in_thread(self._spool.try_to_write)

    async def _drain_orphans(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._orphans_due or not self._gate.usable:
            return
        self._orphans_due = now + self._look_for_orphans_every
        orphans = await self._spool.in_thread(self._spool.adopt_orphans)
        try:
            for orphan in orphans:
                if not all(segment.path in self._unreadable for segment in orphan.segments):
                    log.warning("spool.adopted", n=int(orphan.path.name), segments=len(orphan.segments))
                await self._drain_folder(orphan)
            await self._spool.in_thread(self._spool.count_aside)
        finally:
            # The next process that takes this folder may give the same name to another segment.
            self._reached = None
            for orphan in orphans:
                orphan.close()

    async def _drain_folder(self, folder: SpoolFolder) -> None:
        for segment in list(folder.segments):
            if asyncio.get_running_loop().time() < self._unreadable.get(segment.path, 0):
                continue
            try:
                scan = await self._spool.in_thread(lambda: folder.read(segment))  # noqa: B023 - awaited here
            except (FileNotFoundError, NoRegularFile):
                scan = Scan([], end=0, damaged=0)
            except OSError as error:
                self._try_again_later(segment, error)
                continue
            self._unreadable.pop(segment.path, None)
            if not await self._send(segment, scan.frames):
                return
            await self._settle(folder, segment, scan)

    def _try_again_later(self, segment: Segment, error: OSError) -> None:
        if segment.path not in self._unreadable:
            log.error("spool.unreadable", detail=segment.path.name, error=type(error).__name__, n=error.errno)
        self._unreadable[segment.path] = asyncio.get_running_loop().time() + self._unreadable_rests

    async def _send(self, segment: Segment, frames: list[Frame]) -> bool:
        """Put all frames; True once they are in the inbox. The next call continues where this one stopped."""
        first = self._reached[1] if self._reached and self._reached[0] == segment.path else 0
        for number in range(first, len(frames)):
            frame = frames[number]
            if not self._gate.usable or not await self._gate.put(frame.batch_id, frame.sealed):
                return False
            self._reached = (segment.path, number + 1)
            await asyncio.sleep(self._pause)
        return True

    async def _settle(self, folder: SpoolFolder, segment: Segment, scan: Scan) -> None:
        if (scan.damaged, scan.end) == (0, segment.size):
            await self._spool.in_thread(lambda: folder.remove(segment))
            log.info("spool.drained", count=len(scan.frames), bytes=segment.size)
        else:
            # Logged first: the next step may fail, and a renamed file needs a line in the log.
            lost = segment.size - scan.end + scan.damaged
            log.error("spool.damaged", detail=segment.path.name, bytes=lost, count=len(scan.frames))
            await self._spool.in_thread(lambda: folder.set_aside(segment))
            await self._spool.in_thread(self._spool.count_aside)
        self._reached = None
        self._spool.made_room()
