"""`keys`: list the epochs, wrap stored keys again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis

from adapters.keys.folder import FolderKeys
from adapters.postgres.engine import create_engine
from adapters.processes.heartbeats import Heartbeats
from adapters.sealing.envelope import KeyRing
from cli.commands.keys import REST
from domain.identity.keys.epochs import period_of
from domain.views.operations.processes import Heartbeat
from tests.cli.conftest import Audited, Run, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import NOW, Store, callback, payload

Answer = TypeVar("Answer")
KEYS = KeyRing([b"k" * 32])


class Rows:
    """Verifications in the database. No coroutines: commands run their own loops."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._url = database_url
        self.redis = Redis.from_url(redis_url)
        self.redis.flushdb()
        self.run(self._clear)

    def record(self, count: int) -> None:
        """Record as an older version does."""

        async def fill(store: Store) -> None:
            for n in range(count):
                await store.record(callback(payload(n)))

        self.run(fill)

    def run(self, action: Callable[[Store], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            engine = create_engine(self._url)
            try:
                return await action(Store(engine, KEYS))
            finally:
                await engine.dispose()

        return asyncio.run(run())

    @staticmethod
    async def _clear(store: Store) -> None:
        await empty_tables(store.engine)


@pytest.fixture
def rows(environment: pytest.MonkeyPatch, folder: Path, database_url: str, redis_url: str) -> Rows:
    environment.setenv("FACEID_KEYS_URL", (folder / "keys").as_uri())
    return Rows(database_url, redis_url)


def test_rows_are_rewrapped_once_and_listed(run: Run, rows: Rows, audited: Audited) -> None:
    rows.record(3)

    assert run("keys", "rewrap")[:2] == (0, "0 epoch(s) and 3 row(s) rewrapped\n")
    assert run("keys", "rewrap")[:2] == (0, "0 epoch(s) and 0 row(s) rewrapped\n")
    assert audited() == [("keys.rewrapped", "command")] * 2

    code, out, _ = run("keys", "epochs")
    assert code == 0
    assert "demo" in out
    assert "current" in out


def test_rewrapping_gives_way_while_callbacks_wait(
    run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep, rests = asyncio.sleep, []

    async def shortly(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    rows.record(1)
    rows.redis.zadd("faceid:inbox:pending", {"batch": 1})
    monkeypatch.setattr(asyncio, "sleep", shortly)

    assert run("keys", "rewrap")[:2] == (0, "0 epoch(s) and 1 row(s) rewrapped\n")
    assert REST in rests


def test_states_are_shown(run: Run, rows: Rows, folder: Path) -> None:
    store, now = FolderKeys(folder / "keys"), datetime.now(UTC)
    periods = [period_of("demo", now + timedelta(days=days)) for days in (-20, -10, 8)]

    async def make() -> None:
        for period in periods:
            await store.create(period, b"key")
        await store.destroy(periods[0].id, now=now)

    asyncio.run(make())

    out = run("keys", "epochs")[1]
    assert [word in out for word in ("destroyed", "ended", "ahead")] == [True] * 3


def test_nothing_is_rewrapped_while_an_older_process_lives(run: Run, rows: Rows) -> None:
    rows.record(1)
    older = Heartbeat("worker", "host", 1, "0.1.0", 5, NOW, NOW, {})

    async def beat(store: Store) -> None:
        from redis.asyncio import Redis as AsyncRedis  # noqa: PLC0415 - beside the synchronous one

        client = AsyncRedis.from_url(_url(rows.redis))
        await Heartbeats(client).put(older)
        await client.aclose()

    rows.run(beat)

    assert_one_line(run("keys", "rewrap"), "a process runs that cannot open keys under epochs")
    assert rows.run(lambda store: store.rows("SELECT length(wrapped_key) FROM verifications")) == [(68,)]


def test_without_a_key_store_there_are_no_epochs(
    run: Run, rows: Rows, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("FACEID_KEYS_URL")

    assert_one_line(run("keys", "epochs"), "FACEID_KEYS_URL is not set")


def test_key_store_that_is_away_is_named(run: Run, rows: Rows, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_KEYS_URL", "file:///not/mounted/keys")

    assert_one_line(run("keys", "epochs"), "FACEID_KEYS_URL: the key folder /not/mounted/keys cannot be used")


def _url(client: Redis) -> str:
    where = client.connection_pool.connection_kwargs
    return f"redis://{where['host']}:{where['port']}/{where['db']}"
