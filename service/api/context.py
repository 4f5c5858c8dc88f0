"""What the API works with, built once by `service.api.main`, and how endpoints come by it."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.announcements import Announcements
from adapters.redis.durability import Durability
from adapters.redis.names import RedisNames
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.lookups import PgLookups
from adapters.store.pulls.requests import PgPullRequests
from adapters.store.recording.registrations import PgRegistrations
from adapters.store.tokens import PgTokens
from domain.apps import App
from domain.limits.memory_room import MemoryRules
from service.api.access.door import Door
from service.api.access.pace import Pace
from service.api.metrics.page import MetricsPage
from service.api.readiness import Readiness
from service.http.lifecycle import Lifecycle
from usecases.ports.pulls import TokenIssuer
from usecases.retry_dead_letters import DeadLetterRetries


@dataclass(frozen=True)
class ApiContext:
    """`monotonic`: seconds of a clock that never goes back, for waiting. `computing`: where long
    computations run, one at a time, beside the event loop."""

    app_ids: tuple[str, ...]
    apps: Mapping[str, App]
    issuer: TokenIssuer
    registrations: PgRegistrations
    pull_requests: PgPullRequests
    lookups: PgLookups
    dead_letters: PgDeadLetters
    retries: DeadLetterRetries
    stored: PgStoredDecisions
    shadows: PgShadows
    tokens: PgTokens
    door: Door
    inbox: RedisInbox
    heartbeats: Heartbeats
    metrics: MetricsPage
    queue: JobQueue
    announcements: Announcements
    policies: PolicyBook
    reloads: PolicyReloads
    redis: Redis
    engine: AsyncEngine
    durability: Durability
    memory_rules: MemoryRules
    names: RedisNames
    monotonic: Callable[[], float]
    clock: Callable[[], datetime]
    readiness: Readiness = field(default_factory=Readiness)
    pace: Pace = field(default_factory=Pace)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    computing: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="computing")
    )


async def get_context(request: Request) -> ApiContext:
    """The context that `create_app` was given. Not awaited for: FastAPI runs plain functions in threads."""
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(get_context)]
