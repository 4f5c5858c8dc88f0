"""A `dev` takes nothing that is another's: neither a folder, nor a port, nor servers of production."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from devstack import ports
from devstack.preflight import FOREIGN, check_ports, locked_folder, refuse_foreign_servers
from devstack.stack import Stack, StackOptions, remove_data, running_stack
from domain.errors import SettingsError
from tests.cli.conftest import MASTER_KEY, Run, assert_one_line

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("command", ["dev", "demo"])
def test_a_shell_with_settings_of_production_starts_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.setenv(name, "canary-secret-5d41402a")
    assert_one_line(run(command), f"{name}: set in this shell or in .env")
    assert list(folder.iterdir()) == []


def test_a_dotenv_with_settings_of_production_starts_nothing(run: Run, folder: Path) -> None:
    (folder / ".env").write_text("FACEID_DATABASE_URL=postgresql://prod/x\nFACEID_REDIS_URL=redis://prod\n")
    assert_one_line(run("dev"), "FACEID_REDIS_URL and FACEID_DATABASE_URL: set in this shell")


def test_without_them_nothing_is_refused() -> None:
    refuse_foreign_servers({"FACEID_MASTER_KEYS": MASTER_KEY, "FACEID_REDIS_URL": ""})


def test_a_folder_belongs_to_one(tmp_path: Path) -> None:
    taken = rf"runs on this folder already \(pid {os.getpid()}\)"
    with locked_folder(tmp_path), pytest.raises(SettingsError, match=taken), locked_folder(tmp_path):
        pass
    with locked_folder(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_port_that_is_taken_is_named_by_its_option() -> None:
    free_port = ports.free_port()
    check_ports([("--ingress-port", free_port), ("--api-port", 0)])
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        with pytest.raises(SettingsError, match=f"^--api-port {free_port}: the port is taken"):
            check_ports([("--ingress-port", 0), ("--api-port", free_port)])


def dev(data_dir: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    """A `dev` that is expected to end by itself."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FACEID_")}
    command = [sys.executable, "-m", "cli", "dev", "--data-dir", str(data_dir), *argv]
    return subprocess.run(
        command, env=env | {"PYTHONPATH": str(ROOT)}, cwd=data_dir.parent, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
async def first(engine: AsyncEngine, redis: Redis, database_url: str, redis_url: str) -> AsyncIterator[Stack]:
    """A `dev` that runs, on the tests' servers."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-preflight-"))
    env = {"FACEID_REDIS_URL": redis_url, "FACEID_DATABASE_URL": database_url}
    options = StackOptions(folder / "data", env=env)
    async with running_stack(options) as stack:
        yield stack
    remove_data(folder)


async def tokens_of(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT name, apps, expires_at IS NOT NULL FROM api_tokens"))
        return [tuple(row) for row in found]


async def test_a_second_dev_touches_nothing_of_the_first(first: Stack, tmp_path: Path) -> None:
    described = (first.data_dir / "dev.json").read_bytes()
    same = await asyncio.to_thread(dev, first.data_dir)
    assert (same.returncode, same.stderr.count("\n")) == (1, 1)
    assert "a `dev` runs on this folder already" in same.stderr
    other = await asyncio.to_thread(
        dev, tmp_path / "other", "--ingress-port", "0", "--api-port", str(first.api_port)
    )
    assert (other.returncode, other.stderr.count("\n")) == (1, 1)
    assert "the port is taken" in other.stderr
    assert (first.data_dir / "dev.json").read_bytes() == described
    assert json.loads(described)["pids"]["worker"] == first.pids["worker"]
    for pid in first.pids.values():
        os.kill(pid, 0)


async def test_on_foreign_servers_no_token_is_left_and_names_are_prefixed(
    engine: AsyncEngine, redis: Redis, database_url: str, redis_url: str
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="faceid-preflight-"))
    env = {"FACEID_REDIS_URL": redis_url, "FACEID_DATABASE_URL": database_url}
    async with running_stack(StackOptions(folder, env=env)) as stack:
        [(name, apps, expires)] = await tokens_of(engine)
        assert (name.startswith("dev-"), apps, expires) == (True, ["demo"], True)
        assert stack.description["redis_prefix"] == f"{name}:"
    assert await tokens_of(engine) == []
    remove_data(folder)
