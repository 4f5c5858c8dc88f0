"""The command line in this process, on the real store."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.main import main


class Ended(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Command = Callable[..., Awaitable[Ended]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`await command("policy", "check", file)`."""

    async def run(*args: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["faceid-gateway", *map(str, args)])
        # In a thread: commands run their own event loops.
        code = await asyncio.to_thread(_exit_code)
        return Ended(code, *capsys.readouterr())

    return run


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def data_dir(engine: AsyncEngine, database_url: str, tmp_path: Path) -> Path:
    """The folder of a `dev` that uses the tests' database."""
    folder = tmp_path / "dev"
    folder.mkdir()
    servers = {"redis_url": "redis://127.0.0.1:9", "database_url": database_url, "app_id": "demo"}
    (folder / "dev.json").write_bytes(msgspec.json.encode(servers))
    return folder
