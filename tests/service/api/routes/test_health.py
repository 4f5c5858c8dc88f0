"""healthz reports that the process runs; readyz reports its servers and their durability."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from adapters.postgres.engine import create_engine
from adapters.postgres.revisions import newest_revision
from adapters.redis.client import create_redis_pool
from adapters.redis.memory import read_memory
from adapters.store.people.api_tokens import PgTokens
from devstack import ports
from service.api.main import create_app
from service.http.lifecycle import Lifecycle
from tests.adapters.processes.test_heartbeats import heartbeat
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi, door_of, readiness_of
from tests.support.storage.stores import Store, callback


def client(context: RealApi) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(context)), base_url="http://api")


@pytest.fixture
async def without_redis(api_context: RealApi) -> AsyncIterator[RealApi]:
    pool = create_redis_pool(f"redis://127.0.0.1:{ports.free_port()}/0", timeout=timedelta(milliseconds=200))
    redis = Redis(connection_pool=pool)
    yield replace(api_context, readiness=readiness_of(redis, api_context.engine))
    await pool.disconnect()


@pytest.fixture
async def without_database(api_context: RealApi, store: Store) -> AsyncIterator[RealApi]:
    engine = create_engine(f"postgresql://nobody@127.0.0.1:{ports.free_port()}/nowhere")
    away = Store(engine, store.keys)
    yield replace(
        api_context,
        lookups=away.lookups,
        dead_letters=away.dead_letters,
        door=door_of(PgTokens(engine)),
        readiness=readiness_of(api_context.redis, engine),
    )
    await engine.dispose()


async def test_with_all_servers_it_is_ready_and_shows_the_backlog(api_context: RealApi) -> None:
    await api_context.inbox.hand_over("b1", [callback()])
    async with client(api_context) as api:
        answer = await api.get("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "ready"
    assert told["redis"]["durability"] == {
        "wanted": "fsync",
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
    }
    assert told["redis"]["backlog"] == {"batches": 1, "jobs": 1}
    newest = newest_revision()
    assert told["database"] == {"ok": True, "problems": [], "revision": newest, "newest": newest}


async def test_before_a_shutdown_it_is_not_ready_and_checks_no_server(without_redis: RealApi) -> None:
    async with client(replace(without_redis, lifecycle=Lifecycle(draining=True))) as api:
        answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining"})


async def test_it_shows_how_many_workers_are_alive(api_context: RealApi) -> None:
    for role, pid in (("worker", 1), ("worker", 2), ("ingress", 3)):
        await api_context.heartbeats.put(heartbeat(pid, role=role))
    async with client(api_context) as api:
        told = (await api.get("/readyz")).json()
    assert told["workers"] == {"ok": True, "problems": [], "alive": 2}


async def test_without_a_worker_lookups_are_ready_and_the_problem_is_reported(api_context: RealApi) -> None:
    async with client(api_context) as api:
        answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    workers = answer.json()["workers"]
    assert (workers["ok"], workers["alive"]) == (False, 0)
    assert workers["problems"] == ["no worker is alive: callbacks are accepted, but nothing is decided"]


async def test_with_less_durability_than_wanted_it_is_not_ready(api_context: RealApi) -> None:
    await api_context.redis.config_set("appendfsync", "everysec")
    try:
        async with client(api_context) as api:
            answer = await api.get("/readyz")
        relaxed = readiness_of(api_context.redis, api_context.engine, durability="memory")
        async with client(replace(api_context, readiness=relaxed)) as api:
            enough = await api.get("/readyz")
    finally:
        await api_context.redis.config_set("appendfsync", "always")
    assert answer.status_code == 503
    assert answer.json()["redis"]["problems"] == ["appendfsync is everysec, must be always"]
    assert enough.status_code == 200


async def test_it_shows_how_full_redis_is(api_context: RealApi) -> None:
    async with client(api_context) as api:
        memory = (await api.get("/readyz")).json()["redis"]["memory"]
    assert (memory["max"], memory["ingress_stops_at"]) == (0, 1024**3)
    assert memory["used"] > 100_000


@pytest.mark.parametrize(
    ("setting", "value", "calm", "ready", "problem"),
    [
        ("maxmemory", "1mb", "0", False, "Redis takes no writes (OutOfMemoryError)"),
        ("min-replicas-to-write", "1", "0", False, "Redis takes no writes (ResponseError)"),
        ("maxmemory", "room", "0", True, "callbacks are spooled"),
    ],
)
async def test_a_redis_that_takes_no_writes_is_not_ready_one_over_the_mark_is(
    api_context: RealApi, setting: str, value: str, calm: str, ready: bool, problem: str
) -> None:
    redis = api_context.redis
    if value == "room":
        # In pieces: Redis counts the buffer that a large one comes in, and frees it a moment later.
        for n in range(160):
            await redis.set(f"ballast:{n}", b"x" * 100_000)
        value = str((await read_memory(redis)).used + 500_000)
    await redis.config_set(setting, value)
    try:
        async with client(api_context) as api:
            answer = await api.get("/readyz")
    finally:
        await redis.config_set(setting, calm)
    told = answer.json()["redis"]
    assert (answer.status_code, told["ok"]) == ((200, True) if ready else (503, False))
    assert problem in "; ".join(told["problems"])


async def test_no_worker_is_reported_dead_while_redis_takes_no_heartbeats(api_context: RealApi) -> None:
    await api_context.redis.config_set("min-replicas-to-write", 1)
    try:
        async with client(api_context) as api:
            workers = (await api.get("/readyz")).json()["workers"]
    finally:
        await api_context.redis.config_set("min-replicas-to-write", 0)
    assert workers["problems"] == ["Redis takes no heartbeats: whether a worker is alive cannot be told"]


async def test_with_an_old_schema_it_is_not_ready(api_context: RealApi) -> None:
    async with api_context.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        async with client(api_context) as api:
            answer = await api.get("/readyz")
    finally:
        async with api_context.engine.begin() as connection:
            restore = text("UPDATE alembic_version SET version_num = :newest")
            await connection.execute(restore, {"newest": newest_revision()})
    assert answer.status_code == 503
    database = {"ok": False, "problems": [], "revision": "0000", "newest": newest_revision()}
    assert answer.json()["database"] == database


async def test_without_redis_it_is_not_ready_but_alive(without_redis: RealApi) -> None:
    async with client(without_redis) as api:
        ready, alive = await api.get("/readyz"), await api.get("/healthz")
    assert (ready.status_code, alive.status_code) == (503, 200)
    away = {"ok": False, "error": "ConnectionError", "problems": ["cannot be reached (ConnectionError)"]}
    assert ready.json()["redis"] == away
    assert ready.json()["workers"] == away
    assert ready.json()["database"]["ok"]


async def test_without_database_it_is_not_ready_but_alive(without_database: RealApi) -> None:
    async with client(without_database) as api:
        ready, alive = await api.get("/readyz"), await api.get("/healthz")
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert not ready.json()["database"]["ok"]
    assert ready.json()["redis"]["ok"]


@pytest.mark.parametrize("path", ["/v1/verifications", "/v1/verifications/12345678", "/v1/dead-letters"])
async def test_without_database_a_lookup_is_unavailable(without_database: RealApi, path: str) -> None:
    async with client(without_database) as api:
        answer = await api.get(path, headers={"authorization": "Bearer x"})
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.fixture
async def read_only(api_context: RealApi, database_url: str) -> AsyncIterator[RealApi]:
    """The api's context on a database that has become read-only."""
    async with api_context.engine.connect() as admin:
        name = (await admin.execute(text("SELECT current_database()"))).scalar_one()
        await admin.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        await admin.commit()
        engine = create_engine(database_url)
        yield replace(api_context, readiness=readiness_of(api_context.redis, engine))
        await engine.dispose()
        await admin.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
        await admin.commit()


async def test_a_read_only_database_is_not_ready(read_only: RealApi) -> None:
    async with client(read_only) as api:
        answer = await api.get("/readyz")
    assert answer.status_code == 503
    problem = "is read-only: default_transaction_read_only is on"
    assert answer.json()["database"]["problems"] == [problem]


async def test_a_write_that_is_refused_for_another_reason_is_not_ready(api_context: RealApi) -> None:
    async with api_context.engine.begin() as connection:
        for statement in NO_WRITES:
            await connection.execute(text(statement))
    try:
        async with client(api_context) as api:
            answer = await api.get("/readyz")
    finally:
        async with api_context.engine.begin() as connection:
            await connection.execute(text("DROP FUNCTION refuse CASCADE"))
    assert answer.status_code == 503
    assert answer.json()["database"]["problems"] == ["takes no write: the server refuses (SQLSTATE 53100)"]


async def test_a_table_that_somebody_has_locked_is_no_reason_to_send_lookups_elsewhere(
    api_context: RealApi,
) -> None:
    async with api_context.engine.connect() as somebody:
        await somebody.execute(text("LOCK TABLE verifications IN SHARE MODE"))
        async with client(api_context) as api:
            answer = await api.get("/readyz")
    assert answer.status_code == 200


REFUSE = "'BEGIN RAISE USING ERRCODE = ''53100''; END'"
NO_WRITES = (
    f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS {REFUSE}",
    "CREATE TRIGGER refuse BEFORE UPDATE ON verifications FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
)
