"""The folder of pictures: who may read it, what a crash or a full disk leaves."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.intake.spool.disk import Disk
from adapters.outbound.pictures.folder import FolderPictures
from domain.errors import PicturesAway

MINE = uuid4()


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_only_the_owner_reads_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    await FolderPictures(root).put(MINE, {"1-0": b"sealed"})

    assert not [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o077]


async def test_file_and_its_folder_are_synced_before_the_put_ends(tmp_path: Path) -> None:
    calls: list[str] = []

    class Watched(Disk):
        def sync(self, descriptor: int) -> None:
            calls.append("file")
            super().sync(descriptor)

        def sync_folder(self, path: Path) -> None:
            calls.append(path.name)
            super().sync_folder(path)

    await FolderPictures(tmp_path / "pictures", disk=Watched()).put(MINE, {"1-0": b"sealed"})

    assert calls == [tmp_path.name, "pictures", "file", MINE.hex[:2]]


async def test_full_disk_leaves_no_part_of_a_piece(tmp_path: Path) -> None:
    class Full(Disk):
        def write(self, descriptor: int, content: bytes) -> int:
            if len(content) < 4:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(descriptor, content[:4])

    store = FolderPictures(tmp_path / "pictures", disk=Full())

    with pytest.raises(PicturesAway, match="No space left"):
        await store.put(MINE, {"1-0": b"sealed bytes!"})

    assert not files_in(tmp_path)
    assert await store.read(MINE, "1-0") is None


async def test_write_that_a_kill_interrupted_is_written_over_and_deleted(tmp_path: Path) -> None:
    store = FolderPictures(tmp_path)
    await store.put(MINE, {"1-0": b"first"})
    [file] = files_in(tmp_path)
    left = file.with_name(f".{file.name}")

    left.write_bytes(b"half")
    await store.put(MINE, {"1-0": b"second"})
    left.write_bytes(b"half")
    await store.delete(MINE, ["1-0"])

    assert not files_in(tmp_path)


async def test_disk_that_is_not_mounted_is_not_written(tmp_path: Path) -> None:
    store = FolderPictures(tmp_path / "not mounted" / "pictures")

    with pytest.raises(PicturesAway, match="No such file"):
        await store.put(MINE, {"1-0": b"sealed"})


async def test_link_in_the_place_of_a_piece_is_not_followed(tmp_path: Path) -> None:
    store, secret = FolderPictures(tmp_path / "pictures"), tmp_path / "secret"
    secret.write_bytes(b"secret")
    await store.put(MINE, {"1-0": b"sealed"})
    [file] = files_in(tmp_path / "pictures")
    file.unlink()
    file.symlink_to(secret)

    assert await store.read(MINE, "1-0") is None
