"""The files of a key folder. Synchronous; every function raises OSError.

`store.json` the id of the store · `epochs/ID.key` an epoch · `epochs/ID.destroyed` its tombstone, which wins
over the key · `erasures.jsonl` the ledger, one entry a line.

A file is written beside its place, synced, and then linked to it: it is whole or missing, and the first
process to link it wins.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import msgspec

from adapters.intake.spool.disk import Disk
from domain.identity.keys.epochs import Epoch, Period

KEY: Final = ".key"
DESTROYED: Final = ".destroyed"


class StoreFile(msgspec.Struct, frozen=True):
    """The content of `store.json`."""

    id: UUID


class EpochFile(msgspec.Struct, frozen=True):
    """The content of an epoch's file, or of its tombstone."""

    app_id: str
    begins: datetime
    ends: datetime
    wrapped: bytes | None = None
    destroyed_at: datetime | None = None

    def epoch(self) -> Epoch:
        """The epoch in it."""
        return Epoch(Period(self.app_id, self.begins, self.ends), self.wrapped, self.destroyed_at)


def file_of(epoch: Epoch) -> EpochFile:
    """The content of the epoch's file."""
    period = epoch.period
    return EpochFile(period.app_id, period.begins, period.ends, epoch.wrapped, epoch.destroyed_at)


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """No other process changes the folder during the block."""
    descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def put_new(path: Path, content: bytes, disk: Disk) -> bool:
    """Write a file that must not exist; False if it does. It is durable on return."""
    beside = path.with_name(f".{uuid4().hex}")
    _write(beside, content, disk)
    try:
        # Unlike a rename, a link fails if its target exists.
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    disk.sync_folder(path.parent)
    return True


def put_over(path: Path, content: bytes, disk: Disk) -> None:
    """Replace a file. The new one is durable on return, and the old one's bytes are overwritten."""
    beside = path.with_name(f".{uuid4().hex}")
    _write(beside, content, disk)
    with _to_wipe(path):
        beside.rename(path)
        disk.sync_folder(path.parent)


def wipe(path: Path, disk: Disk) -> None:
    """Delete a file and overwrite its bytes, if it exists. A journal or an SSD may keep a copy."""
    with contextlib.suppress(FileNotFoundError), _to_wipe(path):
        path.unlink()
        disk.sync_folder(path.parent)


@contextlib.contextmanager
def _to_wipe(path: Path) -> Iterator[None]:
    """Overwrite a file, after the block has taken its name away: so no reader meets half of it."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        # A deleted file has no link left, which `Disk.sync` refuses.
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, disk: Disk) -> None:
    descriptor = disk.create(path)
    try:
        if disk.write(descriptor, content) != len(content):
            raise OSError(None, "the write was short")
        disk.sync(descriptor)
    finally:
        os.close(descriptor)
