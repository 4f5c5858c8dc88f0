"""`workers`: the live processes, and the exit code."""

import asyncio
import socket
from collections.abc import Iterable, Iterator

import msgspec
import pytest
from redis.asyncio import Redis

from adapters.processes.heartbeats import Heartbeats
from adapters.processes.places import this_place
from devstack import ports
from domain.views.operations.processes import Heartbeat
from tests.cli.conftest import Run, assert_one_line
from tests.support.storage.stores import NOW

STATUS = {
    "jobs": 3,
    "decisions": {"demo": {"approved": 5, "review": 2}, "shop": {"approved": 1}},
    "last_error": None,
    "attempt_durations": [2, 1, 0],
    "keys": {"up": True, "failures": 0, "left": 3594.7410766290122},
}


def heartbeat(role: str, host: str, instance: str = "", place: str = "") -> Heartbeat:
    return Heartbeat(role, host, 4711, "0.1.0", 5, NOW, NOW, STATUS, instance, place)


class Alive:
    """The live processes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def are(self, heartbeats: Iterable[Heartbeat]) -> None:
        async def put() -> None:
            async with Redis.from_url(self._url) as redis:
                await redis.flushdb()
                for each in heartbeats:
                    await Heartbeats(redis).put(each)

        asyncio.run(put())


@pytest.fixture
def alive(environment: pytest.MonkeyPatch, redis_url: str) -> Iterator[Alive]:
    alive = Alive(redis_url)
    yield alive
    alive.are([])


def test_every_live_process_is_a_row(run: Run, alive: Alive) -> None:
    alive.are([heartbeat("worker", "host-1"), heartbeat("ingress", "host-2")])
    code, out, err = run("workers")
    assert (code, err) == (0, "")
    for word in (
        "worker",
        "host-1",
        "ingress",
        "host-2",
        "4711",
        "0.1.0",
        "0 s ago",
        "jobs 3",
        "decisions 8",
    ):
        assert word in out.replace("\n", " ")
    assert "keys up True, failures 0, left 3594.7" in " ".join(out.replace("│", " ").split())
    assert "last_error –" in out
    assert "[2" not in out


def test_without_a_worker_it_fails(run: Run, alive: Alive) -> None:
    alive.are([heartbeat("api", "host-1")])
    code, out, err = run("workers")
    assert (code, err) == (1, "faceid-gateway: no worker is alive\n")
    assert "host-1" in out


def test_only_this_machine_can_be_asked_for(run: Run, alive: Alive) -> None:
    alive.are([heartbeat("worker", "elsewhere")])
    assert run("workers", "--here") == (1, "", "faceid-gateway: no worker is alive\n")
    alive.are([heartbeat("worker", "elsewhere"), heartbeat("worker", socket.gethostname())])
    code, out, _ = run("workers", "--here")
    assert code == 0
    assert "elsewhere" not in out


def test_words_in_a_status_are_shown_as_they_are(run: Run, alive: Alive) -> None:
    status = {"policies": {"default": "c7fd104e", "old": None}, "odd": ["x"], "jobs": 3.5}
    alive.are([msgspec.structs.replace(heartbeat("worker", "host-1"), status=status)])
    code, out, _ = run("workers")
    assert code == 0
    shown = " ".join(out.replace("│", " ").split())
    for word in ("c7fd104e", "old", "['x']", "jobs 3.5"):
        assert word in shown


def test_two_with_one_host_and_pid_are_two_rows(run: Run, alive: Alive) -> None:
    alive.are([heartbeat("worker", "host-1", "a" * 8), heartbeat("worker", "host-1", "b" * 8)])
    assert run("workers")[1].count("host-1") == 2


def test_a_worker_of_another_container_on_this_host_is_not_here(run: Run, alive: Alive) -> None:
    host = socket.gethostname()
    alive.are([heartbeat("worker", host, "a" * 8, "elsewhere")])
    assert run("workers", "--here") == (1, "", "faceid-gateway: no worker is alive\n")
    alive.are([heartbeat("worker", host, "b" * 8, this_place())])
    assert run("workers", "--here")[0] == 0


def test_without_anybody_it_fails(run: Run, alive: Alive) -> None:
    alive.are([])
    assert run("workers") == (1, "", "faceid-gateway: no worker is alive\n")


def test_without_redis_it_fails_in_one_line(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_REDIS_URL", f"redis://127.0.0.1:{ports.free_port()}/0")
    assert_one_line(run("workers"), "FACEID_REDIS_URL: cannot be reached")
