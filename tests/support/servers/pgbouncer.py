"""PgBouncer in front of a PostgreSQL, as companies run it: every transaction gets another session."""

import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from devstack import ports
from devstack.processes import Process, ProcessSpec

BINARY = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

SETTINGS = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 5
server_round_robin = 1
"""
"""Round robin: the next transaction surely gets another session."""


@asynccontextmanager
async def pgbouncer(url: str) -> AsyncIterator[str]:
    """The URL of the same database through a PgBouncer that runs inside the block."""
    assert BINARY is not None
    parts = urlsplit(url)
    port = ports.free_port()
    folder = _configured(url, port)
    spec = ProcessSpec(
        "pgbouncer",
        (BINARY, "-q", str(folder / "settings")),
        os.environ,
        folder / "log",
        answers=lambda: ports.listens(port),
        url=f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}",
        user=_user(url),
        scratch=folder,
    )
    async with Process(spec) as process:
        yield process.url


def _configured(url: str, port: int) -> Path:
    """A folder with its settings and its list of users."""
    parts = urlsplit(url)
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    folder.chmod(0o755)
    server = f"host={_host(url)} port={parts.port or 5432}"
    (folder / "users").write_text(f'"{parts.username}" ""\n')
    (folder / "settings").write_text(SETTINGS.format(server=server, port=port, folder=folder))
    return folder


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parse_qs(parts.query).get("host", [parts.hostname or "127.0.0.1"])[0]


def _user(url: str) -> tuple[int, int] | None:
    """It refuses to run as root; the server's own user is let in to the server's socket."""
    if os.getuid():
        return None
    host = Path(_host(url))
    user = pwd.getpwuid(host.stat().st_uid) if host.is_dir() else pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid
