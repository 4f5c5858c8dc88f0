"""The erasure ledger of a key folder: a file to which entries are appended, one a line. Synchronous."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from adapters.intake.spool.disk import Disk
from domain.identity.keys.epochs import Erased


class LedgerFile:
    """Reads what was appended since its last look. Its caller has the folder's lock."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._read = 0
        self._entries: list[Erased] = []
        self._positions: dict[str, int] = {}

    def entries(self) -> list[Erased]:
        """Every entry, in order. Raises OSError, also if a line cannot be read."""
        if not self._path.exists():
            self._forget()
            return self._entries
        with self._path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._read:
                self._forget()
            file.seek(self._read)
            for line in file:
                # A line without its end is the start of an append that a crash ended.
                if line.endswith(b"\n"):
                    self._take(line)
        return self._entries

    def append(self, key: str, at: datetime) -> int:
        """Append an entry; durable on return. A key that has one keeps it. Raises OSError."""
        self.entries()
        if key in self._positions:
            return self._positions[key]
        is_new = not self._path.exists()
        entry = Erased(len(self._entries) + 1, key, at)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            # Behind the last whole line: the rest of a torn one goes.
            self._disk.truncate(descriptor, self._read)
            os.lseek(descriptor, self._read, os.SEEK_SET)
            line = msgspec.json.encode(entry) + b"\n"
            if self._disk.write(descriptor, line) != len(line):
                raise OSError(None, "the write was short")
            self._disk.sync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            self._disk.sync_folder(self._path.parent)
        self._take(line)
        return entry.position

    def _take(self, line: bytes) -> None:
        try:
            entry = msgspec.json.decode(line, type=Erased)
        except msgspec.DecodeError:
            raise OSError(None, f"line {len(self._entries) + 1} of the erasure ledger is broken") from None
        if entry.position != len(self._entries) + 1:
            raise OSError(None, f"line {len(self._entries) + 1} of the erasure ledger is missing")
        self._entries.append(entry)
        self._positions[entry.key] = entry.position
        self._read += len(line)

    def _forget(self) -> None:
        self._read = 0
        self._entries.clear()
        self._positions.clear()
