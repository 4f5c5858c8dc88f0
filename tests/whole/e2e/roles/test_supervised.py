"""Several processes of one role under a supervisor: none is missed, and replacing them costs no request."""

import asyncio
import contextlib
import itertools
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import httpx2
import psutil
import pytest
from redis.asyncio import Redis

from adapters.processes.heartbeats import Heartbeats
from devstack import ports
from devstack.processes import ProcessSpec
from devstack.waiting import until
from tests.whole.e2e.roles.lone_roles import (
    PATIENCE,
    Role,
    Servers,
    accepted,
    alive,
    client,
    decided,
    logs,
    role,
    status,
)

pytestmark = pytest.mark.timeout(240)


class Load:
    """Sends callbacks, each of another verification, over kept-alive and over new connections."""

    def __init__(self, port: int) -> None:
        self.answers: Counter[str] = Counter()
        self._port = port
        self._numbers: Iterator[int] = itertools.count(1)
        self._done = False

    async def keep_alive(self) -> None:
        async with client(self._port) as web:
            while not self._done:
                await self._send(web)

    async def connect_anew(self) -> None:
        while not self._done:
            async with client(self._port) as web:
                await self._send(web)

    def end(self) -> None:
        self._done = True

    async def _send(self, web: httpx2.AsyncClient) -> None:
        try:
            self.answers["accepted" if await accepted(web, next(self._numbers)) else "refused"] += 1
        except httpx2.HTTPError as error:
            self.answers[type(error).__name__] += 1
        await asyncio.sleep(0.01)


async def test_replacing_the_processes_under_load_refuses_nothing(servers: Servers) -> None:
    port = ports.free_port()
    async with role(ingress_of(servers, port)) as ingress:
        await logs(ingress, "serving", times=2)
        load = Load(port)
        sending = [asyncio.create_task(load.keep_alive()) for _ in range(4)]
        sending += [asyncio.create_task(load.connect_anew()) for _ in range(4)]
        for times in (1, 2):
            os.kill(ingress.pid, signal.SIGHUP)
            await logs(ingress, "processes.restarted", times=times)
            await logs(ingress, "process.ended", times=2 * times)
        load.end()
        await asyncio.gather(*sending)
        assert len({entry["pid"] for entry in ingress.entries("process.started")}) == 6
    assert set(load.answers) == {"accepted"}
    async with role(servers.roles.worker()):
        await decided(servers, load.answers["accepted"])


async def test_a_process_that_dies_is_started_again(servers: Servers) -> None:
    port = ports.free_port()
    async with role(ingress_of(servers, port)) as ingress, client(port) as web:
        await logs(ingress, "serving", times=2)
        os.kill(ingress.entries("process.started")[1]["pid"], signal.SIGKILL)
        await logs(ingress, "serving", times=3)
        [died] = ingress.entries("process.died")
        assert (died["n"], died["detail"], died["attempts"]) == (1, "SIGKILL", 1)
        assert await accepted(web)
        await alive(servers, "ingress", 2)


async def test_it_ends_with_the_reason_when_a_process_dies_again_and_again(servers: Servers) -> None:
    async with Redis.from_url(servers.valkey.url) as redis:
        await redis.config_set("appendfsync", "everysec")
    async with role(ingress_of(servers, ports.free_port(), processes=1), ends={1}) as ingress:
        await asyncio.wait_for(ingress.ended(), PATIENCE)
        assert ingress.logged("process.died") == 5
        lines = [line for line in ingress.output().splitlines() if line.startswith("faceid-gateway: ")]
        assert lines[-1] == "faceid-gateway: process 0 ended 5 times in a row (exit 1); see its log"


async def test_a_restart_that_fails_leaves_the_processes_that_work(servers: Servers, tmp_path: Path) -> None:
    config, port = tmp_path / "faceid.toml", ports.free_port()
    config.write_text("")
    more = {"FACEID_CONFIG": str(config)}
    async with role(ingress_of(servers, port, more=more)) as ingress, client(port) as web:
        await logs(ingress, "serving", times=2)
        config.write_text("max_waiting = 'many'")
        os.kill(ingress.pid, signal.SIGHUP)
        await logs(ingress, "processes.restart_failed")
        assert await accepted(web)
        config.write_text("")
        os.kill(ingress.pid, signal.SIGHUP)
        await logs(ingress, "processes.restarted")
        assert ingress.logged("process.died") == 0


async def test_a_supervisor_that_is_killed_leaves_no_process_behind(servers: Servers) -> None:
    port = ports.free_port()
    async with role(ingress_of(servers, port), ends={-signal.SIGKILL}) as ingress:
        await logs(ingress, "serving", times=2)
        pids = [entry["pid"] for entry in ingress.entries("process.started")]
        os.kill(ingress.pid, signal.SIGKILL)
        await until(lambda: are_gone(pids), patience=PATIENCE)


async def are_gone(pids: list[int]) -> bool:
    return not any(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids
    )


async def test_at_the_signal_every_process_says_so_before_it_ends(servers: Servers) -> None:
    port = ports.free_port()
    more = {"FACEID_SHUTDOWN_DELAY": "60"}
    async with role(ingress_of(servers, port, more=more), ends={0}) as ingress:
        await logs(ingress, "serving", times=2)
        os.kill(ingress.pid, signal.SIGTERM)
        for _ in range(10):
            async with client(port) as web:
                await until(partial(status, web, "/readyz", 503), patience=PATIENCE)
                assert await accepted(web), "as long as a balancer may not have noticed"
        os.kill(ingress.pid, signal.SIGTERM)
        assert await asyncio.wait_for(ingress.ended(), PATIENCE) == 0, "a second one is impatient"


async def test_every_scrape_shows_the_figures_of_all_processes(servers: Servers) -> None:
    port, metrics = ports.free_port(), ports.free_port()
    more = {"FACEID_INGRESS_METRICS_PORT": str(metrics)}
    async with role(ingress_of(servers, port, more=more)) as ingress, client(metrics) as page:
        await logs(ingress, "serving", times=2)
        for n in range(1, 21):
            async with client(port) as web:
                assert await accepted(web, n)
            text = (await page.get("/metrics")).text
            figures = [line for line in text.splitlines() if "callbacks_accepted_total{" in line]
            assert len(figures) == 2
            assert sum(float(line.split()[-1]) for line in figures) == n


async def test_several_processes_spool_in_one_folder_and_lose_nothing(servers: Servers) -> None:
    port, spool = ports.free_port(), servers.folder / "spool"
    more = {"FACEID_SPOOL_DIR": str(spool)}
    await servers.valkey.stop()
    async with role(ingress_of(servers, port, more=more)) as ingress:
        await logs(ingress, "serving", times=2)
        await hand_over(port, range(1, 21))
        os.kill(ingress.pid, signal.SIGHUP)
        await logs(ingress, "processes.restarted")
        await hand_over(port, range(21, 41))
        for entry in ingress.entries("process.started"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(entry["pid"], signal.SIGKILL)
        await servers.valkey.start()
        async with role(servers.roles.worker()):
            await decided(servers, 40)


async def hand_over(port: int, numbers: range) -> None:
    for n in numbers:
        async with client(port) as web:
            assert await accepted(web, n)


async def test_workers_have_their_own_names_and_replacing_them_loses_nothing(servers: Servers) -> None:
    async with role(command(servers, "worker", "--processes", "2")) as workers:
        await alive(servers, "worker", 2)
        for n in range(1, 11):
            await servers.hand_in(n)
        os.kill(workers.pid, signal.SIGHUP)
        for n in range(11, 21):
            await servers.hand_in(n)
        await logs(workers, "processes.restarted")
        await logs(workers, "process.ended", times=2)
        await decided(servers, 20)
        assert await names(servers) == {entry["pid"] for entry in started(workers)[2:]}


async def names(servers: Servers) -> set[int]:
    async with Redis.from_url(servers.valkey.url) as redis:
        return {seen.heartbeat.pid for seen in await Heartbeats(redis).alive()}


def started(a_role: Role) -> list[dict[str, int]]:
    return a_role.entries("process.started")


async def test_the_api_serves_with_several_processes(servers: Servers) -> None:
    port = ports.free_port()
    serving = command(servers, "serve", "api", "--port", str(port), "--processes", "2")
    async with role(servers.roles.worker()), role(serving) as api, client(port) as web:
        await logs(api, "serving", times=2)
        await alive(servers, "api", 2)
        await until(lambda: status(web, "/readyz", 200), patience=PATIENCE)
        assert (await web.get("/metrics")).text.count('faceid_process_info{process="api') == 2


def ingress_of(
    servers: Servers, port: int, *, processes: int = 2, more: Mapping[str, str] | None = None
) -> ProcessSpec:
    argv = ("serve", "ingress", "--port", str(port), "--processes", str(processes))
    return command(servers, *argv, **more or {})


def command(servers: Servers, *argv: str, **settings: str) -> ProcessSpec:
    return servers.roles.with_settings(**settings).program("supervisor", "-m", "cli", *argv)
