"""Checks before `dev` starts: no foreign servers in its settings, its folder unlocked, its ports free."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devstack.environment import callers_environment
from domain.errors import SettingsError
from service.http.doors import open_doors

FOREIGN: Final = (
    "FACEID_REDIS_URL",
    "FACEID_DATABASE_URL",
    "FACEID_KEYS_URL",
    "FACEID_PICTURES_URL",
    "FACEID_SPOOL_DIR",
)
"""Settings that name data which other gateways may use."""


def refuse_foreign_servers(caller: Mapping[str, str] | None = None) -> None:
    """Refuse to start with the server settings of another gateway, such as production's.

    Raises:
        SettingsError: one of `FOREIGN` is set, in the environment or in `.env`.
    """
    given = callers_environment() if caller is None else caller
    named = [name for name in FOREIGN if given.get(name)]
    if named:
        raise SettingsError(
            f"{' and '.join(named)}: set in this shell or in .env; without it the bundled servers are used, "
            "with --foreign-servers those that it names: never production's"
        )


@contextmanager
def locked_folder(data_dir: Path) -> Iterator[None]:
    """Lock the folder during the block. The lock ends with the process, even if it is killed.

    Raises:
        SettingsError: another `dev` runs on it.
    """
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise SettingsError(
                f"{data_dir}: a `dev` runs on this folder already (pid {owner}); "
                "stop it, or choose another --data-dir"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_ports(ports: Sequence[tuple[str, int]]) -> None:
    """Check that each port of `(option, port)` is free; port 0 always is.

    Raises:
        SettingsError: another process listens there.
    """
    for option, port in ports:
        try:
            for door in open_doors("127.0.0.1", port):
                door.close()
        except SettingsError:
            raise SettingsError(
                f"{option} {port}: the port is taken, perhaps by another `dev`; 0 takes any free one"
            ) from None
