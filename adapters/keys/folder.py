"""A key store in a folder, on another disk than the data.

Several processes, also of several machines, may use it at once, if its file system has locks and hard links.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID, uuid4

import msgspec

from adapters.intake.spool.disk import Disk
from adapters.keys.away import KeysAway, disk_errors
from adapters.keys.epoch_files import (
    DESTROYED,
    KEY,
    EpochFile,
    StoreFile,
    file_of,
    locked,
    put_new,
    put_over,
    wipe,
)
from adapters.keys.ledger_file import LedgerFile
from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period

Args = ParamSpec("Args")
Result = TypeVar("Result")


class FolderKeys:
    """Epochs and ledger in the folder `root`, which is created with its first use, its parent not."""

    def __init__(self, root: Path, *, disk: Disk | None = None) -> None:
        self._root = root
        self._epochs = root / "epochs"
        self._disk = disk or Disk()
        self._ledger = LedgerFile(root / "erasures.jsonl", self._disk)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts. Raises KeysAway."""
        return await self._run(self._state)

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """Keep a key for this period, unless there is one, and return the stored epoch. Raises KeysAway."""
        return await self._run(self._create, period, wrapped)

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed. Raises KeysAway."""
        return await self._run(lambda: [epoch for each in ids if (epoch := self._find(each))])

    async def epochs(self) -> list[Epoch]:
        """Every epoch, by app and begin. Raises KeysAway."""
        return await self._run(self._all)

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` in the place of `old`. Raises KeysAway."""
        return await self._run(self._replace, epoch_id, old, new)

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key. Raises KeysAway."""
        return await self._run(self._destroy, epoch_id, now)

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the erasure ledger; durable on return. Raises KeysAway."""
        return await self._run(self._ledger.append, key, at)

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Up to `limit` entries behind the position `after`. Raises KeysAway."""
        return await self._run(lambda: self._ledger.entries()[after : after + limit])

    async def _run(self, work: Callable[Args, Result], *args: Args.args, **options: Args.kwargs) -> Result:
        """Work under the folder's lock, in a thread."""
        return await asyncio.to_thread(partial(self._locked, partial(work, *args, **options)))

    def _locked(self, work: Callable[[], Result]) -> Result:
        with disk_errors(self._root):
            self._make_folders()
            with locked(self._root):
                return work()

    def _make_folders(self) -> None:
        # Not the parent: a disk that is not mounted must not look like an empty store.
        if not self._epochs.exists():
            self._root.mkdir(mode=0o700, exist_ok=True)
            self._disk.make_folder(self._epochs)

    def _state(self) -> KeyStoreState:
        path = self._root / "store.json"
        if not path.exists():
            put_new(path, msgspec.json.encode(StoreFile(uuid4())), self._disk)
        ids = self._ids(DESTROYED)
        return KeyStoreState(
            id=_decoded(path.read_bytes(), StoreFile).id,
            epochs=len(ids | self._ids(KEY)),
            destroyed=len(ids),
            erased=len(self._ledger.entries()),
        )

    def _create(self, period: Period, wrapped: bytes) -> Epoch:
        if (known := self._find(period.id)) is not None:
            return known
        epoch = Epoch(period, wrapped)
        put_new(self._path(epoch.id, KEY), msgspec.json.encode(file_of(epoch)), self._disk)
        # Another process may have been first, where the file system's locks do nothing.
        return self._find(period.id) or epoch

    def _find(self, epoch_id: UUID) -> Epoch | None:
        for suffix in (DESTROYED, KEY):
            path = self._path(epoch_id, suffix)
            if path.exists():
                return _decoded(path.read_bytes(), EpochFile).epoch()
        return None

    def _all(self) -> list[Epoch]:
        found = (self._find(each) for each in self._ids(KEY) | self._ids(DESTROYED))
        return sorted(
            (each for each in found if each), key=lambda each: (each.period.app_id, each.period.begins)
        )

    def _replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        epoch = self._find(epoch_id)
        if epoch is None or epoch.wrapped != old:
            return False
        changed = file_of(Epoch(epoch.period, new))
        put_over(self._path(epoch_id, KEY), msgspec.json.encode(changed), self._disk)
        return True

    def _destroy(self, epoch_id: UUID, now: datetime) -> bool:
        epoch = self._find(epoch_id)
        if epoch is None:
            return False
        if epoch.wrapped is not None:
            # First the tombstone: after a crash in between, the key is not used again.
            tombstone = file_of(Epoch(epoch.period, None, now))
            put_new(self._path(epoch_id, DESTROYED), msgspec.json.encode(tombstone), self._disk)
        wipe(self._path(epoch_id, KEY), self._disk)
        return epoch.wrapped is not None

    def _ids(self, suffix: str) -> set[UUID]:
        return {UUID(path.stem) for path in self._epochs.glob(f"*{suffix}")}

    def _path(self, epoch_id: UUID, suffix: str) -> Path:
        return self._epochs / f"{epoch_id}{suffix}"


def _decoded(content: bytes, kind: type[Result]) -> Result:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        raise KeysAway("the key folder has a file that cannot be read") from None
