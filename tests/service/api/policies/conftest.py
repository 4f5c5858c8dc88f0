"""The API on the real store, without sockets."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing
from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue, create_queue
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.announcements import Announcements
from adapters.redis.names import DEFAULT_NAMES
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.figures import PgFigures
from adapters.store.lookups import PgLookups
from adapters.store.pulls.requests import PgPullRequests
from adapters.store.recording.registrations import PgRegistrations
from adapters.store.tokens import PgTokens
from domain.limits.memory_room import MEMORY_RULES
from domain.pulls.budget import PullRules
from service.api.access.door import Door
from service.api.context import ApiContext
from service.api.main import create_app
from service.api.metrics.page import MetricsPage
from tests.adapters.policies.test_folder import write
from tests.support.http.vendors import API_APPS, issuer_at, simulated_vendor
from tests.support.stores import Clock
from usecases.retry_dead_letters import DeadLetterRetries

TOKENS = {
    "all": (None, ["verifications:read", "operate"]),
    "reader": (None, ["verifications:read"]),
    "operator": (None, ["operate"]),
    "other": (["other"], ["verifications:read"]),
    "operator of one": (["demo"], ["operate"]),
}
"""Name (and secret) of each token: its apps and scopes."""


@pytest.fixture
def policy_folder(tmp_path: Path) -> Path:
    """A folder with one policy, `a`."""
    write(tmp_path, "a")
    return tmp_path


@pytest.fixture
async def context(
    redis: Redis,
    redis_pool: BlockingConnectionPool,
    engine: AsyncEngine,
    keys: KeyRing,
    policy_folder: Path,
) -> ApiContext:
    book = PolicyBook.open(policy_folder)
    letters, inbox = PgDeadLetters(engine, keys=keys), RedisInbox(redis, keys=keys)
    queue = JobQueue(create_queue(redis_pool))
    heartbeats = Heartbeats(redis)
    return ApiContext(
        app_ids=("demo", "other"),
        apps=API_APPS,
        issuer=issuer_at(simulated_vendor(Clock())),
        registrations=PgRegistrations(engine, keys=keys),
        pull_requests=PgPullRequests(engine, rules=PullRules()),
        lookups=PgLookups(engine, keys=keys),
        dead_letters=letters,
        retries=DeadLetterRetries(
            letters, inbox=inbox, memory_rules=MEMORY_RULES, clock=lambda: datetime.now(UTC)
        ),
        stored=PgStoredDecisions(engine),
        shadows=PgShadows(engine),
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
        announcements=Announcements(redis),
        policies=book,
        reloads=PolicyReloads(redis, book),
        redis=redis,
        engine=engine,
        durability="fsync",
        memory_rules=MEMORY_RULES,
        names=DEFAULT_NAMES,
        monotonic=time.monotonic,
        clock=Clock(),
    )


@pytest.fixture
async def api(context: ApiContext) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with every scope; `as_token` makes it another one's."""
    for name, (apps, scopes) in TOKENS.items():
        await context.tokens.put(name, name, apps=apps, scopes=scopes)
    transport = httpx2.ASGITransport(create_app(context), raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://api", headers=as_token("all")
    ) as client:
        yield client


def as_token(name: str) -> dict[str, str]:
    """The header of one of TOKENS."""
    return {"authorization": f"Bearer {name}"}
