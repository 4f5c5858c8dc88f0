"""The ingress over an intake that notes what it takes; the API over the real store."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.envelope import KeyRing
from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue, create_queue
from adapters.policies.folder import SHIPPED, PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.announcements import Announcements
from adapters.redis.names import DEFAULT_NAMES
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.figures import PgFigures
from adapters.store.tokens import PgTokens
from cli.devstack import servers
from domain.apps import App
from domain.limits.memory_room import MEMORY_RULES
from domain.model import AcceptedCallback
from service.api import main as api_main
from service.api.access.door import Door
from service.api.context import ApiContext
from service.api.metrics.page import MetricsPage
from service.http.lifecycle import Lifecycle
from service.ingress.acceptance import IngressContext
from service.ingress.main import create_app
from service.ingress.nudging import ReturnNudges
from tests.support.http.asgi import OLD_SECRET, SECRET
from tests.support.http.nudges import NotedNudges, return_nudges
from tests.support.http.requests_sent import LIMITS
from tests.support.http.sockets import Listener, served
from tests.support.http.vendors import API_APPS, issuer_at, simulated_vendor
from tests.support.stores import NOW, Clock, Store, until
from usecases.retry_dead_letters import DeadLetterRetries

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


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No log lines: structlog draws tracebacks for developers at a second each."""
    with capture_logs():
        yield


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
    intake: FakeIntake, *, lifecycle: Lifecycle | None = None, nudges: ReturnNudges | None = None
) -> IngressContext:
    return IngressContext(
        apps=APPS,
        intake=intake,
        max_body_bytes=MAX_BODY,
        clock=lambda: NOW,
        nudges=nudges or return_nudges(NotedNudges()),
        lifecycle=lifecycle or Lifecycle(),
    )


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return servers.free_port()


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
def vendor(clock: Clock) -> FastAPI:
    """The simulator in the vendor's place, on the same clock."""
    return simulated_vendor(clock)


@pytest.fixture
async def api_context(
    redis_pool: BlockingConnectionPool,
    engine: AsyncEngine,
    store: Store,
    keys: KeyRing,
    clock: Clock,
    vendor: FastAPI,
) -> ApiContext:
    """The API's context on real servers; the apps are `demo` and `other`."""
    redis = Redis(connection_pool=redis_pool)
    announcements = Announcements(redis)
    book = PolicyBook.open(SHIPPED)
    inbox, queue = RedisInbox(redis, keys=keys), JobQueue(create_queue(redis_pool))
    heartbeats = Heartbeats(redis)
    return ApiContext(
        app_ids=("demo", "other"),
        apps=API_APPS,
        issuer=issuer_at(vendor),
        registrations=store.registrations,
        pull_requests=store.pull_requests,
        lookups=store.lookups,
        dead_letters=store.dead_letters,
        retries=DeadLetterRetries(
            store.dead_letters, inbox=inbox, memory_rules=MEMORY_RULES, clock=lambda: LATER
        ),
        stored=PgStoredDecisions(engine),
        shadows=PgShadows(engine),
        policies=book,
        reloads=PolicyReloads(redis, book),
        tokens=PgTokens(engine),
        door=Door(PgTokens(engine)),
        inbox=inbox,
        heartbeats=heartbeats,
        metrics=MetricsPage(
            redis,
            heartbeats=heartbeats,
            figures=PgFigures(engine),
            app_ids=("demo", "other"),
            memory_rules=MEMORY_RULES,
        ),
        queue=queue,
        announcements=announcements,
        redis=redis,
        engine=engine,
        durability="fsync",
        memory_rules=MEMORY_RULES,
        names=DEFAULT_NAMES,
        monotonic=time.monotonic,
        clock=clock,
    )


@pytest.fixture
async def listening(api_context: ApiContext) -> AsyncIterator[None]:
    """Announcements are taken, as in the API's lifespan."""
    task = asyncio.create_task(api_context.announcements.listen())

    async def heard() -> bool:
        [(_, listeners)] = await api_context.redis.pubsub_numsub(DEFAULT_NAMES.decided)
        return int(listeners) > 0

    await until(heard)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def api_app(api_context: ApiContext) -> FastAPI:
    return api_main.create_app(api_context)


ClientOf = Callable[[str | None], httpx2.AsyncClient]


@pytest.fixture
async def client_of(api_app: FastAPI) -> AsyncIterator[ClientOf]:
    """Makes clients that bear a token, or none."""
    made: list[httpx2.AsyncClient] = []

    def create(token: str | None) -> httpx2.AsyncClient:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx2.ASGITransport(api_app)
        made.append(httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers))
        return made[-1]

    yield create
    for client in made:
        await client.aclose()


@pytest.fixture
async def api(client_of: ClientOf, api_context: ApiContext) -> httpx2.AsyncClient:
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
