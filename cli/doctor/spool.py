"""`doctor` checks the spool folder: it exists or can be created, accepts synced writes, and has free
space.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from adapters.intake.spool.disk import Disk, try_to_write
from adapters.settings.settings import Settings
from cli.doctor.check import Check

NAME: Final = "spool folder"
_GIB: Final = 1024**3
_AT_START: Final = "an ingress creates it at its start, and one that runs makes it again in seconds"


def check_spool(settings: Settings, disk: Disk | None = None) -> Check:
    """Whether this user can spool. Leaves nothing behind."""
    root, disk = settings.spool_dir, disk or Disk()
    if root is None:
        return Check(NAME, None, "FACEID_SPOOL_DIR is not set: while Redis is away, callbacks are refused")
    exists = root.exists()
    try:
        with _created(root, disk):
            try_to_write(disk, root / f"doctor-{uuid4().hex}")
            free = disk.free_bytes(root)
    except OSError as error:
        return Check(NAME, False, f"{root} cannot be used ({error.strerror})")
    room = f"{root} takes synced writes, {free / _GIB:.1f} GiB free"
    if free < settings.spool_max_bytes:
        return Check(NAME, False, f"{room}, spool_max_bytes is {settings.spool_max_bytes / _GIB:.1f} GiB")
    if not exists:
        return Check(NAME, None, f"{room}, but does not exist: {_AT_START}")
    return Check(NAME, True, room)


@contextmanager
def _created(root: Path, disk: Disk) -> Iterator[None]:
    """Create the folder for the block, then remove what we created: the ingress may be another user."""
    missing = [path for path in (root, *root.parents) if not path.exists()]
    disk.make_folder(root)
    try:
        yield
    finally:
        for path in missing:
            path.rmdir()
