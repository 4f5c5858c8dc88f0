"""Which processes are together: those of one process namespace, that is of a container or a machine."""

import hashlib
import os
import socket
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


def this_place() -> str:
    """The process namespace of this process, as 16 hexadecimal digits.

    Two containers may have one host name, and in both the process is number 1. Where there are no
    namespaces (macOS) it is the host name's.
    """
    try:
        where = f"{_BOOT.read_text()} {os.readlink(_NAMESPACE)}"
    except OSError:
        where = socket.gethostname()
    return hashlib.sha256(where.encode()).hexdigest()[:16]
