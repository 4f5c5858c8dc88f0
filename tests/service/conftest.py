"""The ingress over an intake that notes what it takes; the API over the real store."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.policies.folder import SHIPPED, PolicyBook
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.envelope import KeyRing
from adapters.tasks.background import end_tasks
from devstack import ports
from devstack.waiting import until
from domain.apps.app import App
from domain.model import AcceptedCallback
from service.api import main as api_main
from service.http.lifecycle import Lifecycle
from service.ingress.acceptance import IngressContext
from service.ingress.main import create_app
from service.ingress.return_hints import ThrottledReturnHints
from tests.support.http.api import RealApi, real_api
from tests.support.http.asgi import OLD_SECRET, SECRET
from tests.support.http.requests_sent import LIMITS
from tests.support.http.return_hints import NotedReturnHints, throttled_hints
from tests.support.http.sockets import Listener, served
from tests.support.http.vendors import SimulatedVendor
from tests.support.quiet import quiet
from tests.support.storage.stores import NOW, Clock, Store

__all__ = ["quiet"]

LANDING = "https://shop.example/done?step=3#top"
APPS = {
    "demo": App(app_id="demo", api_key="k", secrets=(SECRET, OLD_SECRET)),
    "plus": App(app_id="plus", api_key="k", secrets=(SECRET,), hash_name="sha256"),
    "shop": App(app_id="shop", api_key="k", secrets=(SECRET,), landing_url=LANDING),
}
MAX_BODY = 20_000
LATER = NOW + timedelta(days=1)


@dataclass
class FakeIntake:
    """Takes everything, or fails as told."""

    error: Exception | None = None
    accepted: list[AcceptedCallback] = field(default_factory=list)

    async def accept(self, callback: AcceptedCallback) -> None:
        if self.error is not None:
            raise self.error
        self.accepted.append(callback)

    def can_accept(self) -> bool:
        return self.error is None


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
def ingress(intake: FakeIntake) -> FastAPI:
    return create_app(ingress_context(intake))


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def listener(ingress: FastAPI) -> AsyncIterator[Listener]:
    async with served(ingress, LIMITS) as listening:
        yield listening


def ingress_context(
    intake: FakeIntake,
    *,
    lifecycle: Lifecycle | None = None,
    return_hints: ThrottledReturnHints | None = None,
) -> IngressContext:
    return IngressContext(
        apps=APPS,
        intake=intake,
        max_body_bytes=MAX_BODY,
        clock=lambda: NOW,
        return_hints=return_hints or throttled_hints(NotedReturnHints()),
        lifecycle=lifecycle or Lifecycle(),
    )


@pytest.fixture
def free_port() -> int:
    """A free port."""
    return ports.free_port()


@pytest.fixture
async def web(ingress: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the ingress; whatever the app raises comes through."""
    transport = httpx2.ASGITransport(ingress)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ingress") as client:
        yield client


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> SimulatedVendor:
    """The simulator in the vendor's place, on the same clock."""
    return SimulatedVendor(clock)


@pytest.fixture
async def api_context(
    redis_pool: BlockingConnectionPool,
    engine: AsyncEngine,
    keys: KeyRing,
    clock: Clock,
    vendor: SimulatedVendor,
) -> RealApi:
    """The API's context on real servers; the apps are `demo` and `other`."""
    return real_api(redis_pool, engine, keys, policies=PolicyBook.open(SHIPPED), clock=clock, vendor=vendor)


@pytest.fixture
async def listening(api_context: RealApi) -> AsyncIterator[None]:
    """Announcements are taken, as in the API's lifespan."""
    task = asyncio.create_task(api_context.announcements.listen())

    async def heard() -> bool:
        [(_, listeners)] = await api_context.redis.pubsub_numsub(DEFAULT_NAMES.decided)
        return int(listeners) > 0

    await until(heard)
    yield
    await end_tasks(task)


@pytest.fixture
def api_app(api_context: RealApi) -> FastAPI:
    return api_main.create_app(api_context)


ClientOf = Callable[[str | None], httpx2.AsyncClient]


@asynccontextmanager
async def clients_of(app: FastAPI) -> AsyncIterator[ClientOf]:
    """Makes clients of an api; each bears a token, or none."""
    made: list[httpx2.AsyncClient] = []

    def create(token: str | None) -> httpx2.AsyncClient:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx2.ASGITransport(app)
        made.append(httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers))
        return made[-1]

    yield create
    for client in made:
        await client.aclose()


@pytest.fixture
async def client_of(api_app: FastAPI) -> AsyncIterator[ClientOf]:
    """Makes clients that bear a token, or none."""
    async with clients_of(api_app) as client_of:
        yield client_of


@pytest.fixture
async def api(client_of: ClientOf, api_context: RealApi) -> httpx2.AsyncClient:
    """A client that may everything."""
    await api_context.tokens.put("all", "all-token")
    return client_of("all-token")


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is this problem, whole; its members."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == "about:blank"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    return problem
