"""How many files and sockets this process may have open."""

import resource
from typing import Final

FILES_BESIDE_CONNECTIONS: Final = 128
"""Files that a listener needs beside its clients' sockets: Redis, PostgreSQL, the spool, the interpreter."""
_ENOUGH: Final = 65_536


def most_open_files() -> int:
    """Files that this process may have open once its soft limit is raised as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_finite(soft), min(_finite(hard), _ENOUGH))


def raise_open_files() -> int:
    """Raise the soft limit as far as it helps; how many files may be open then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = most_open_files()
    if most > _finite(soft):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _finite(limit: int) -> int:
    return _ENOUGH if limit == resource.RLIM_INFINITY else limit
