"""The system calls under the spool, in one place, so that tests can make each of them fail."""

import errno
import fcntl
import os
import stat
import sys
from pathlib import Path
from typing import Final

_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


class NoRegularFile(Exception):
    """There is a link, a folder or a pipe in the place of a segment: nothing that the spool has written."""


class Disk:
    """Every call raises OSError, as the system does."""

    def make_folder(self, path: Path) -> None:
        """A folder for the owner alone, if it is not there yet; its entry is on disk on return."""
        if not path.exists():
            path.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.sync_folder(path.parent)

    def create(self, path: Path) -> int:
        """A new, empty file for the owner alone, to be appended to; its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, _PRIVATE_FILE)

    def write(self, descriptor: int, content: bytes) -> int:
        """How many bytes were written. A full disk may give fewer, and no error."""
        return os.write(descriptor, content)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file back."""
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Return when what was written, and the file's size, are on the medium.

        A file that somebody has deleted is on no medium, whatever fsync says of it.
        """
        if sys.platform == "darwin":
            # There fsync stops at the drive's cache, and fdatasync is missing.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(descriptor)
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was deleted")

    def open_folder(self, path: Path) -> int | None:
        """A folder's descriptor; None if that is a link or no folder."""
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
        """`sync_folder` for a folder that is open: it needs no descriptor more, when none may be left."""
        os.fsync(descriptor)

    def read(self, path: Path, *, most: int = -1) -> bytes:
        """A file's content, or its first bytes; a link is not followed, a pipe not waited for.

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
        """How much room there is for us."""
        room = os.statvfs(path)
        return room.f_bavail * room.f_frsize
