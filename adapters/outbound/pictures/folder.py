"""Pictures in a folder, which several processes share."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from adapters.intake.spool.disk import Disk, NoRegularFile
from adapters.outbound.pictures.names import name_of
from domain.errors import PicturesAway

Result = TypeVar("Result")


class FolderPictures:
    """Files below `root`, for their owner alone. `root` is created with its first use, its parent not: a disk
    that is not mounted must not look like an empty folder."""

    def __init__(self, root: Path, *, disk: Disk | None = None) -> None:
        self._root = root
        self._disk = disk or Disk()

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces; durable on return. Raises PicturesAway."""
        await self._run(lambda: self._put(verification_id, pieces))

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none. Raises PicturesAway."""
        return await self._run(lambda: self._read(self._path(verification_id, piece)))

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces. Raises PicturesAway."""
        await self._run(lambda: self._delete(verification_id, pieces))

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(lambda: self._guarded(work))

    def _guarded(self, work: Callable[[], Result]) -> Result:
        with _disk_errors(self._root):
            if not self._root.exists():
                self._root.mkdir(mode=0o700, exist_ok=True)
                self._disk.sync_folder(self._root.parent)
            return work()

    def _put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        for piece, content in pieces.items():
            path = self._path(verification_id, piece)
            self._disk.make_folder(path.parent)
            self._write(path, content)

    def _write(self, path: Path, content: bytes) -> None:
        beside = _beside(path)
        # What a killed process has left.
        beside.unlink(missing_ok=True)
        try:
            with open(self._disk.create(beside), "wb", buffering=0) as file:
                written = 0
                while written < len(content):
                    written += self._disk.write(file.fileno(), content[written:])
                self._disk.sync(file.fileno())
            beside.rename(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        self._disk.sync_folder(path.parent)

    def _read(self, path: Path) -> bytes | None:
        try:
            return self._disk.read(path)
        except (FileNotFoundError, NoRegularFile):
            return None

    def _delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        for piece in pieces:
            path = self._path(verification_id, piece)
            if path.parent.exists():
                path.unlink(missing_ok=True)
                _beside(path).unlink(missing_ok=True)
                self._disk.sync_folder(path.parent)

    def _path(self, verification_id: UUID, piece: str) -> Path:
        return self._root / name_of(verification_id, piece)


def _beside(path: Path) -> Path:
    """Where a file is written before it is complete."""
    return path.with_name(f".{path.name}")


@contextlib.contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PicturesAway(f"the folder of pictures {root} cannot be used ({error.strerror})") from None
