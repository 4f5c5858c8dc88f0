"""The system calls of the spool in one place, so that tests can make each of them fail."""

import errno
import fcntl
import os
import stat
import sys
from pathlib import Path
from typing import Final

_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_TRIED: Final = b"tried"


class NoRegularFile(Exception):
    """The path of a segment is a link, a folder or a pipe, which the spool did not write."""


class Disk:
    """Every call raises OSError, as the system does."""

    def make_folder(self, path: Path) -> None:
        """Create a folder with access for the owner only, if missing; its entry is on disk on return."""
        if not path.exists():
            path.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.sync_folder(path.parent)

    def create(self, path: Path) -> int:
        """Create an empty file with access for the owner only and return a descriptor to append to it."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, _PRIVATE_FILE)

    def write(self, descriptor: int, content: bytes) -> int:
        """The number of bytes written. On a full disk it may be smaller, without an error."""
        return os.write(descriptor, content)

    def truncate(self, descriptor: int, size: int) -> None:
        """Truncate a file."""
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Return when the written bytes and the file's size are on the medium.

        Fails for a deleted file too, although fsync would succeed: nothing of it would survive.
        """
        if sys.platform == "darwin":
            # On macOS fsync stops at the drive's cache, and fdatasync is missing.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(descriptor)
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was deleted")

    def open_folder(self, path: Path) -> int | None:
        """A folder's descriptor; None if the path is a link or not a folder."""
        try:
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                return None
            raise

    def sync_folder(self, path: Path) -> None:
        """Return when a folder's entries are on the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync_entries(descriptor)
        finally:
            os.close(descriptor)

    def sync_entries(self, descriptor: int) -> None:
        """`sync_folder` for an open folder; it needs no further descriptor, since none may be left."""
        os.fsync(descriptor)

    def read(self, path: Path, *, most: int = -1) -> bytes:
        """A file's content, or its first bytes; does not follow links or wait for pipes.

        Raises:
            NoRegularFile: it is something else.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise NoRegularFile from None
            raise
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NoRegularFile
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(most)
        finally:
            os.close(descriptor)

    def free_bytes(self, path: Path) -> int:
        """The free space for this user."""
        room = os.statvfs(path)
        return room.f_bavail * room.f_frsize


def try_to_write(disk: Disk, file: Path) -> None:
    """Write a small new file, sync it and its folder, delete it. Raises OSError, also for a short write."""
    descriptor = disk.create(file)
    try:
        if disk.write(descriptor, _TRIED) != len(_TRIED):
            raise OSError(None, "the write was short")
        disk.sync(descriptor)
        disk.sync_folder(file.parent)
    finally:
        os.close(descriptor)
        file.unlink()
