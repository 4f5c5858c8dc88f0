"""A listener that ends tells the load balancer first, so that a restart costs no request."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from devstack import servers
from devstack.environment import role_settings, without_settings
from domain.errors import NotDurable
from service.http.lifecycle import Lifecycle
from service.ingress.main import create_app
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import FORM, SECRET, signed
from tests.support.payloads.callbacks import dump
from tests.support.stores import payload, until

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


@contextmanager
def listener(port: int, *, delay: float) -> Iterator[subprocess.Popen[str]]:
    """A process that serves `SLOW_APP`."""
    argv = [sys.executable, "-c", SLOW_APP, str(port), str(delay)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@asynccontextmanager
async def client_of(port: int) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a listener that is up."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web:
        await until(lambda: _answers(web, "/"), patience=30)
        yield web


async def _answers(web: httpx2.AsyncClient, path: str) -> bool:
    try:
        return (await web.get(path)).status_code == 200
    except httpx2.HTTPError:
        return False


async def test_after_the_signal_it_still_serves_but_asks_to_close(free_port: int) -> None:
    with listener(free_port, delay=30) as process:
        async with client_of(free_port) as web:
            assert "connection" not in (await web.get("/")).headers
            process.send_signal(signal.SIGTERM)
            await until(lambda: _asks_to_close(web))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 10) == -signal.SIGTERM, "a second one is impatient"


async def _asks_to_close(web: httpx2.AsyncClient) -> bool:
    answer = await web.get("/")
    assert answer.status_code == 200
    return answer.content == b"draining" and answer.headers.get("connection") == "close"


async def test_requests_in_flight_and_the_lifespan_are_finished(free_port: int) -> None:
    with listener(free_port, delay=0) as process:
        async with client_of(free_port) as web:
            slow = asyncio.create_task(web.get("/slow"))
            await until(lambda: _answers(web, "/"))
            process.send_signal(signal.SIGTERM)
            assert (await slow).status_code == 200
        assert await asyncio.to_thread(process.wait, 10) == -signal.SIGTERM
        assert process.stdout is not None
        assert process.stdout.read().endswith("lifespan over\n")


async def test_a_process_that_cannot_go_on_ends_as_a_failure(free_port: int) -> None:
    with listener(free_port, delay=30) as process:
        async with client_of(free_port) as web:
            assert (await web.get("/break")).content == b"draining"
        assert await asyncio.to_thread(process.wait, 10) == 1


@pytest.fixture
def gateway_environment(redis_url: str, tmp_path: Path) -> dict[str, str]:
    needed = role_settings(
        redis_url,
        "postgresql://nobody@127.0.0.1/nowhere",
        master_key="a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        apps={"demo": {"api_key": "k", "api_secrets": [SECRET.decode()]}},
    )
    return (
        without_settings(os.environ)
        | needed
        | {
            "FACEID_SPOOL_DIR": str(tmp_path / "spool"),
            "FACEID_SHUTDOWN_DELAY": "1",
        }
    )


class Backend:
    """One ingress process, and whether the load balancer sends to it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = servers.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ready = False
        self._environment = environment
        self.start()

    def start(self) -> None:
        argv = [sys.executable, "-m", "cli", "serve", "ingress", "--port", str(self.port)]
        self.process = subprocess.Popen(argv, env=dict(self._environment), stdout=subprocess.DEVNULL)

    async def is_ready(self) -> bool:
        return self.ready


class Balancer:
    """Sends callbacks to whichever backend is ready, in turns, and counts the answers."""

    def __init__(self, backends: list[Backend]) -> None:
        self.answers: Counter[str] = Counter()
        self.done = False
        self._turns = itertools.count()
        self._backends = backends
        self._web = httpx2.AsyncClient(trust_env=False)

    async def watch(self) -> None:
        while not self.done:
            for backend in self._backends:
                backend.ready = await _answers(self._web, f"{backend.url}/readyz")
            await asyncio.sleep(0.1)

    async def send(self, body: bytes) -> None:
        while not self.done:
            ready = [backend for backend in self._backends if backend.ready]
            backend = ready[next(self._turns) % len(ready)]
            try:
                answer = await self._web.post(
                    f"{backend.url}/callbacks/demo/notify", content=body, headers={"content-type": FORM}
                )
            except httpx2.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
            await asyncio.sleep(0.02)

    async def aclose(self) -> None:
        await self._web.aclose()


async def test_a_rolling_restart_under_load_costs_no_request(
    gateway_environment: dict[str, str], redis: Redis
) -> None:
    backends = [Backend(gateway_environment) for _ in range(2)]
    balancer = Balancer(backends)
    watching = asyncio.create_task(balancer.watch())
    try:
        for backend in backends:
            await until(backend.is_ready, patience=60)
        body = signed(dump(payload()))
        sending = [asyncio.create_task(balancer.send(body)) for _ in range(4)]
        for backend in backends:
            backend.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(backend.process.wait, 30)
            backend.start()
            await until(backend.is_ready, patience=60)
        balancer.done = True
        await asyncio.gather(*sending)
    finally:
        balancer.done = True
        await watching
        for backend in backends:
            backend.process.kill()
            backend.process.wait()
        await balancer.aclose()
    assert set(balancer.answers) == {"200"}
    assert balancer.answers["200"] > 100
