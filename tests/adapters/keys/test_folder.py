"""The key folder: what a crash leaves, what is on the disk, and what is no key folder."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.intake.spool.disk import Disk
from adapters.keys import folder as module
from adapters.keys.away import KeysAway
from adapters.keys.epoch_files import put_new
from adapters.keys.folder import FolderKeys
from domain.identity.keys.epochs import Epoch, period_of
from tests.adapters.keys.race import APPS

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
PERIOD = period_of("demo", NOW)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def store(root: Path) -> FolderKeys:
    return FolderKeys(root)


def others_may_read(root: Path) -> list[Path]:
    return [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o077]


def is_on_disk(content: bytes, root: Path) -> bool:
    return any(content in path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_first_file_stays_without_locks(tmp_path: Path) -> None:
    path = tmp_path / "file"

    assert [put_new(path, content, Disk()) for content in (b"first", b"second")] == [True, False]

    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["file"]


async def test_only_the_owner_reads_the_folder(store: FolderKeys, root: Path) -> None:
    await store.create(PERIOD, b"key")

    assert not others_may_read(root)


async def test_destroyed_key_is_on_no_file(store: FolderKeys, root: Path) -> None:
    await store.create(PERIOD, b"the key")
    [file] = (root / "epochs").iterdir()
    with file.open("rb") as still_open:
        await store.destroy(PERIOD.id, now=NOW)
        assert set(still_open.read()) == {0}

    assert not is_on_disk(b"the key", root)


async def test_destruction_that_a_crash_interrupted_holds_and_is_finished(
    store: FolderKeys, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.create(PERIOD, b"key")

    def crash(*_: object) -> None:
        raise OSError(5, "crash")

    with monkeypatch.context() as crashing:
        crashing.setattr(module, "wipe", crash)
        with pytest.raises(KeysAway):
            await store.destroy(PERIOD.id, now=NOW)

    assert await FolderKeys(root).find([PERIOD.id]) == [Epoch(PERIOD, None, NOW)]
    assert not await FolderKeys(root).destroy(PERIOD.id, now=NOW)
    assert [path.suffix for path in (root / "epochs").iterdir()] == [".destroyed"]


async def test_torn_entry_of_the_ledger_is_written_over(store: FolderKeys, root: Path) -> None:
    await store.append("a", at=NOW)
    with (root / "erasures.jsonl").open("ab") as file:
        file.write(b'{"position":2,"key":"to')

    assert await FolderKeys(root).append("b", at=NOW) == 2

    entries = await FolderKeys(root).entries()
    assert [entry.key for entry in entries] == ["a", "b"]


async def test_broken_ledger_is_named(store: FolderKeys, root: Path) -> None:
    await store.append("a", at=NOW)
    line = json.dumps({"position": 3, "key": "c", "at": "2026-03-07T12:00:00Z"})
    with (root / "erasures.jsonl").open("a") as file:
        file.write(f"{line}\n")

    with pytest.raises(KeysAway, match="line 2 of the erasure ledger is missing"):
        await FolderKeys(root).entries()


async def test_disk_that_is_not_mounted_is_no_empty_store(tmp_path: Path) -> None:
    with pytest.raises(KeysAway, match="cannot be used"):
        await FolderKeys(tmp_path / "mount" / "keys").state()

    assert os.listdir(tmp_path) == []


async def test_file_that_is_no_epoch_is_named(store: FolderKeys, root: Path) -> None:
    await store.create(PERIOD, b"key")
    [file] = (root / "epochs").iterdir()
    file.write_bytes(b"something else")

    with pytest.raises(KeysAway, match="cannot be read"):
        await store.find([PERIOD.id])


async def test_entry_is_synced_before_it_counts(root: Path) -> None:
    synced: list[bytes] = []

    class Watched(Disk):
        def sync(self, descriptor: int) -> None:
            super().sync(descriptor)
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}").encode())

    store = FolderKeys(root, disk=Watched())
    await store.append("a", at=NOW)

    assert str(root / "erasures.jsonl").encode() in synced


async def test_processes_append_beside_each_other(root: Path) -> None:
    stores = [FolderKeys(root) for _ in range(4)]

    await asyncio.gather(*(store.append(f"{n}", at=NOW) for n in range(5) for store in stores))

    assert [entry.position for entry in await FolderKeys(root).entries()] == [1, 2, 3, 4, 5]


async def test_processes_that_create_epochs_at_once_agree_on_every_key(root: Path) -> None:
    async def process(name: str) -> bytes:
        argv = (sys.executable, "-m", "tests.adapters.keys.race", str(root), name)
        running = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
        answer, _ = await running.communicate()
        assert running.returncode == 0
        return answer

    answers = await asyncio.gather(*(process(name) for name in ("a", "b", "c")))

    assert len(set(answers)) == 1
    assert len(await FolderKeys(root).epochs()) == len(APPS)
