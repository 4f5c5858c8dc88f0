"""The limit of open files and sockets of this process."""

import resource
from typing import Final

FILES_BESIDE_CONNECTIONS: Final = 128
"""Files that a listener needs besides its clients' sockets: Redis, PostgreSQL, spool, interpreter."""
_ENOUGH: Final = 65_536


def most_open_files() -> int:
    """Files that this process may open after raising its soft limit to the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_finite(soft), min(_finite(hard), _ENOUGH))


def raise_open_files() -> int:
    """Raise the soft limit as far as possible and return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = most_open_files()
    if most > _finite(soft):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _finite(limit: int) -> int:
    return _ENOUGH if limit == resource.RLIM_INFINITY else limit
