"""Identify the process namespace, that is the container or machine, of a process."""

import hashlib
import os
import socket
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


def this_place() -> str:
    """The process namespace of this process, as 16 hexadecimal digits.

    Two containers may have the same host name, and the process is number 1 in both. Without namespaces
    (macOS) it is derived from the host name.
    """
    try:
        where = f"{_BOOT.read_text()} {os.readlink(_NAMESPACE)}"
    except OSError:
        where = socket.gethostname()
    return hashlib.sha256(where.encode()).hexdigest()[:16]
