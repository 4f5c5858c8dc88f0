"""The two programs that are not Python, and what to install where they are missing."""

import shutil
from glob import glob
from typing import Final

_FAKETIME: Final = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def find_strace() -> str | None:
    """The program that watches system calls and makes them fail."""
    return shutil.which("strace")


def find_faketime() -> str | None:
    """The library that gives a process a separate clock."""
    return next((path for pattern in _FAKETIME for path in sorted(glob(pattern))), None)


def missing_packages() -> list[str]:
    """The Debian packages that the suite needs and that are not here."""
    found = {"strace": find_strace(), "libfaketime": find_faketime()}
    return [package for package, path in found.items() if path is None]
