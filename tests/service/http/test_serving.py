"""A listener that ends tells the load balancer first, so that a restart costs no request."""

import asyncio
import itertools
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from devstack import ports
from devstack.environment import role_settings, without_settings
from devstack.processes import Process
from devstack.roles import Roles
from devstack.waiting import until
from domain.errors import NotDurable
from service.http.lifecycle import Lifecycle
from service.ingress.main import create_app
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import FORM, SECRET, signed
from tests.support.http.clients import plain_client
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import payload

SLOW_APP = """
import asyncio, sys
from service.http.connections import Limits
from service.http.lifecycle import Lifecycle
from service.http.serving import serve

lifecycle = Lifecycle()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for end in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{end}.complete"})
        print("lifespan over", flush=True)
        return
    if scope["path"] == "/break":
        lifecycle.fail()
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    body = b"draining" if lifecycle.draining else b"serving"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

serve(app, host="127.0.0.1", port=int(sys.argv[1]), lifecycle=lifecycle,
    shutdown_delay=float(sys.argv[2]), limits=Limits())
"""


@pytest.mark.parametrize(
    ("draining", "error", "status", "word"),
    [
        (False, None, 200, "ready"),
        (False, NotDurable("x"), 503, "not_ready"),
        (True, None, 503, "draining"),
        (True, NotDurable("x"), 503, "draining"),
    ],
)
async def test_the_readiness_of_the_ingress_is_one_word(
    draining: bool, error: Exception | None, status: int, word: str
) -> None:
    context = ingress_context(FakeIntake(error), lifecycle=Lifecycle(draining=draining))
    async with _client(create_app(context)) as web:
        answer = await web.get("/readyz")
    assert (answer.status_code, answer.json()) == (status, {"status": word})


def _client(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://ingress")


@pytest.fixture
def roles(tmp_path: Path) -> Roles:
    return Roles(without_settings(os.environ), tmp_path)


def slow_app(roles: Roles, *, delay: float) -> Process:
    """A process that serves `SLOW_APP`, and takes connections for `delay` seconds after SIGTERM."""
    port = ports.free_port()
    return Process(roles.program("slow", "-c", SLOW_APP, str(port), str(delay), port=port))


def client_of(process: Process) -> httpx2.AsyncClient:
    return plain_client(process.url)


async def _answers(web: httpx2.AsyncClient, path: str) -> bool:
    try:
        return (await web.get(path)).status_code == 200
    except httpx2.HTTPError:
        return False


async def test_after_the_signal_it_still_serves_but_asks_to_close(roles: Roles) -> None:
    async with slow_app(roles, delay=30) as process, client_of(process) as web:
        assert "connection" not in (await web.get("/")).headers
        process.signal(signal.SIGTERM)
        await until(lambda: _asks_to_close(web))
        process.signal(signal.SIGTERM)
        assert await process.ended() == -signal.SIGTERM, "a second one is impatient"


async def _asks_to_close(web: httpx2.AsyncClient) -> bool:
    answer = await web.get("/")
    assert answer.status_code == 200
    return answer.content == b"draining" and answer.headers.get("connection") == "close"


async def test_requests_in_flight_and_the_lifespan_are_finished(roles: Roles) -> None:
    async with slow_app(roles, delay=0) as process:
        async with client_of(process) as web:
            slow = asyncio.create_task(web.get("/slow"))
            await until(lambda: _answers(web, "/"))
            process.signal(signal.SIGTERM)
            assert (await slow).status_code == 200
        assert await process.ended() == -signal.SIGTERM
        assert "lifespan over\n" in process.spec.log.read_text()


async def test_a_process_that_cannot_go_on_ends_as_a_failure(roles: Roles) -> None:
    async with slow_app(roles, delay=30) as process:
        async with client_of(process) as web:
            assert (await web.get("/break")).content == b"draining"
        assert await process.ended() == 1


@pytest.fixture
def ingress_roles(roles: Roles, redis_url: str, tmp_path: Path) -> Roles:
    needed = role_settings(
        redis_url,
        "postgresql://nobody@127.0.0.1/nowhere",
        master_key="a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        apps={"demo": {"api_key": "k", "api_secrets": [SECRET.decode()]}},
    )
    spool = str(tmp_path / "spool")
    return roles.with_settings(**{**needed, "FACEID_SPOOL_DIR": spool, "FACEID_SHUTDOWN_DELAY": "1"})


class Backend:
    """One ingress process, and whether the load balancer sends to it."""

    def __init__(self, roles: Roles) -> None:
        self.process = Process(roles.ingress(ports.free_port()))
        self.ready = False

    async def is_ready(self) -> bool:
        return self.ready


class Balancer:
    """Sends callbacks to whichever backend is ready, in turns, and counts the answers."""

    def __init__(self, backends: list[Backend]) -> None:
        self.answers: Counter[str] = Counter()
        self.done = False
        self._turns = itertools.count()
        self._backends = backends
        self._web = plain_client()

    async def watch(self) -> None:
        while not self.done:
            for backend in self._backends:
                backend.ready = await _answers(self._web, f"{backend.process.url}/readyz")
            await asyncio.sleep(0.1)

    async def send(self, body: bytes) -> None:
        while not self.done:
            ready = [backend for backend in self._backends if backend.ready]
            backend = ready[next(self._turns) % len(ready)]
            try:
                answer = await self._web.post(
                    f"{backend.process.url}/callbacks/demo/notify",
                    content=body,
                    headers={"content-type": FORM},
                )
            except httpx2.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
            await asyncio.sleep(0.02)

    async def aclose(self) -> None:
        await self._web.aclose()


@pytest.fixture
async def backends(ingress_roles: Roles) -> AsyncIterator[list[Backend]]:
    backends = [Backend(ingress_roles) for _ in range(2)]
    async with backends[0].process, backends[1].process:
        yield backends


async def test_a_rolling_restart_under_load_costs_no_request(backends: list[Backend], redis: Redis) -> None:
    balancer = Balancer(backends)
    watching = asyncio.create_task(balancer.watch())
    try:
        for backend in backends:
            await until(backend.is_ready, patience=60)
        body = signed(dump(payload()))
        sending = [asyncio.create_task(balancer.send(body)) for _ in range(4)]
        for backend in backends:
            backend.process.signal(signal.SIGTERM)
            await backend.process.ended()
            await backend.process.start()
            await until(backend.is_ready, patience=60)
        balancer.done = True
        await asyncio.gather(*sending)
    finally:
        balancer.done = True
        await watching
        await balancer.aclose()
    assert set(balancer.answers) == {"200"}
    assert balancer.answers["200"] > 100
