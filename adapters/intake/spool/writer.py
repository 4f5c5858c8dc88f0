"""Append frames to segments; each is completely on disk before the call returns."""

import os

from adapters.intake.spool.folder import Segment, SpoolFolder
from domain.errors import SpoolBroken, SpoolRefused


class SegmentWriter:
    """Writes to one segment after another. Not for several threads at once."""

    def __init__(self, folder: SpoolFolder, *, segment_bytes: int) -> None:
        self._folder = folder
        self._disk = folder.disk
        self._segment_bytes = segment_bytes
        self._path = folder.path
        self._descriptor: int | None = None
        self._broken = False
        self.size = 0
        """Bytes in the current segment."""
        self.since_ms = 0
        """When its first batch was accepted (Unix time)."""

    def append(self, frame: bytes, *, accepted_ms: int) -> None:
        """Write `frame`, a batch accepted at that time, to disk.

        Raises:
            SpoolRefused: it was not written, and nothing of it is left; another one may succeed.
            SpoolBroken: the content of the file is unknown. Nothing can be written any more.
        """
        if self._broken:
            raise SpoolBroken("an earlier fsync failed")
        descriptor = self._current()
        self._write(descriptor, frame)
        try:
            self._disk.sync(descriptor)
        except OSError as error:
            # The kernel has dropped the pages, so a second fsync would succeed without writing them.
            self._broken = True
            raise SpoolBroken("fsync failed") from error
        if self.size == 0:
            self.since_ms = accepted_ms
        self.size += len(frame)
        if self.size >= self._segment_bytes:
            self.roll()

    def roll(self) -> None:
        """End the current segment, which can be read then."""
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        self._descriptor = None
        self._folder.segments.append(Segment(self._path, self.size, self.since_ms))
        self.size = 0

    def _current(self) -> int:
        if self._descriptor is None:
            self._path = self._folder.next_path()
            try:
                self._descriptor = self._disk.create(self._path)
            except OSError as error:
                raise SpoolRefused("no new segment can be made") from error
            try:
                self._folder.sync()
            except OSError as error:
                self._broken = True
                raise SpoolBroken("fsync of the folder failed") from error
        return self._descriptor

    def _write(self, descriptor: int, frame: bytes) -> None:
        """All of `frame`, or nothing: on a full disk a write comes back short, without an error."""
        try:
            written = self._disk.write(descriptor, frame)
        except OSError as error:
            self._take_back(descriptor)
            raise SpoolRefused("the write failed") from error
        if written != len(frame):
            self._take_back(descriptor)
            raise SpoolRefused("the write was short")

    def _take_back(self, descriptor: int) -> None:
        try:
            self._disk.truncate(descriptor, self.size)
        except OSError as error:
            self._broken = True
            raise SpoolBroken("a partial write could not be taken back") from error
