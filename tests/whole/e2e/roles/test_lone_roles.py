"""Every role starts without its servers, works once they are there, and heals from any outage by itself."""

import signal

import pytest
from redis.asyncio import Redis

from devstack import ports
from devstack.waiting import until
from tests.whole.e2e.roles.lone_roles import (
    PATIENCE,
    Servers,
    accepted,
    alive,
    client,
    decided,
    logs,
    role,
    status,
)

pytestmark = pytest.mark.timeout(180)


async def test_a_worker_that_starts_without_redis_works_once_it_is_there(servers: Servers) -> None:
    await servers.valkey.stop()
    async with role(servers.roles.worker()) as worker:
        await logs(worker, "worker.interrupted", times=3)
        await servers.valkey.start()
        await servers.hand_in(1)
        await decided(servers, 1)
        await alive(servers, "worker")
    await alive(servers, "worker", 0)


async def test_a_worker_that_starts_without_postgresql_works_once_it_is_there(servers: Servers) -> None:
    await servers.postgres.stop()
    await servers.hand_in(1)
    async with role(servers.roles.worker()) as worker:
        await logs(worker, "batch.postponed", times=2)
        await alive(servers, "worker")
        await servers.postgres.start()
        await decided(servers, 1)


async def test_redis_dies_five_times(servers: Servers) -> None:
    async with role(servers.roles.worker()):
        for n in range(1, 6):
            await servers.valkey.kill()
            await servers.valkey.start()
            await servers.hand_in(n)
            await decided(servers, n)
        await alive(servers, "worker")


async def test_postgresql_dies_three_times(servers: Servers) -> None:
    async with role(servers.roles.worker()):
        for n in range(1, 4):
            await servers.postgres.kill()
            await servers.hand_in(n)
            await servers.postgres.start()
            await decided(servers, n)


async def test_redis_freezes_for_longer_than_anybody_waits(servers: Servers) -> None:
    async with role(servers.roles.worker()) as worker:
        await servers.hand_in(1)
        await decided(servers, 1)
        servers.valkey.signal(signal.SIGSTOP)
        await logs(worker, "worker.interrupted", times=3)
        servers.valkey.signal(signal.SIGCONT)
        await servers.hand_in(2)
        await decided(servers, 2)


async def test_postgresql_freezes_under_a_worker(servers: Servers) -> None:
    async with role(servers.roles.worker()) as worker:
        await servers.hand_in(1)
        await decided(servers, 1)
        servers.postgres.signal(signal.SIGSTOP)
        await servers.hand_in(2)
        await logs(worker, "batch.postponed")
        servers.postgres.signal(signal.SIGCONT)
        await decided(servers, 2)


async def test_the_api_starts_without_its_servers_and_is_ready_once_they_are_there(servers: Servers) -> None:
    await servers.valkey.stop()
    await servers.postgres.stop()
    port = ports.free_port()
    async with role(servers.roles.api(port)), client(port) as api:
        await until(lambda: status(api, "/healthz", 200), patience=PATIENCE)
        assert (await api.get("/readyz")).status_code == 503
        metrics = (await api.get("/metrics")).text
        assert 'faceid_server_up{server="redis"} 0.0' in metrics
        await servers.valkey.start()
        await servers.postgres.start()
        await until(lambda: status(api, "/readyz", 200), patience=PATIENCE)
        await alive(servers, "api")


async def test_the_ingress_starts_without_redis_and_accepts_once_it_is_there(servers: Servers) -> None:
    await servers.valkey.stop()
    port = ports.free_port()
    async with role(servers.roles.ingress(port)), client(port) as web:
        await until(lambda: status(web, "/healthz", 200), patience=PATIENCE)
        await servers.valkey.start()
        await until(lambda: accepted(web), patience=PATIENCE)
        await alive(servers, "ingress")
        async with role(servers.roles.worker()):
            await decided(servers, 1)


async def test_an_ingress_reports_its_refusals_while_redis_is_away(servers: Servers) -> None:
    port, metrics = ports.free_port(), ports.free_port()
    more = {
        "FACEID_INGRESS_METRICS_PORT": str(metrics),
        "FACEID_SPOOL_DIR": str(servers.folder / "spool"),
        "FACEID_SPOOL_MAX_BYTES": "1",
    }
    await servers.valkey.stop()
    async with (
        role(servers.roles.with_settings(**more).ingress(port)),
        client(port) as web,
        client(metrics) as page,
    ):
        await until(lambda: status(web, "/healthz", 200), patience=PATIENCE)
        for _ in range(3):
            assert not await accepted(web)
        told = (await page.get("/metrics")).text
        assert (await web.get("/metrics")).status_code == 404, "nothing of it is public"
    figures = {line.partition(" ")[0].split("process=")[0]: line[-3:] for line in told.splitlines()}
    assert figures['faceid_callbacks_refused_total{app_id="demo",code="not_durable",'] == "3.0"
    assert figures["faceid_ingress_accepting{"] == "0.0"


async def test_an_ingress_with_a_spool_starts_with_a_redis_that_is_not_durable(
    servers: Servers,
) -> None:
    port = ports.free_port()
    async with Redis.from_url(servers.valkey.url) as redis:
        await redis.config_set("appendfsync", "everysec")
        spool = {"FACEID_SPOOL_DIR": str(servers.folder / "spool")}
        async with role(servers.roles.with_settings(**spool).ingress(port)) as ingress:
            await logs(ingress, "redis.not_durable")
            async with client(port) as web:
                await until(lambda: status(web, "/readyz", 200), patience=PATIENCE)
                assert await accepted(web)
            assert await redis.keys("*inbox*") == []
            await redis.config_set("appendfsync", "always")
            await logs(ingress, "spool.drained")
