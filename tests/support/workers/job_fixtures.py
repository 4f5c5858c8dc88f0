"""The fixtures of tests of use cases and workers: a worker's context on the real inbox and store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue, create_queue
from adapters.policies.folder import SHIPPED, PolicyBook
from adapters.postgres.engine import create_engine
from adapters.redis.announcements import Announcer
from adapters.redis.client import create_redis_pool
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.identity.numbers.index import PgNumbers
from adapters.store.people.upkeep import PgPeopleUpkeep
from adapters.store.recording.owners import PgOwners
from adapters.store.reviews.store import PgReviews
from adapters.store.schedule.leftovers import PgLeftovers
from devstack import ports
from domain.pulls.budget import PullRules
from tests.support.memory.events.events import MemoryEventUpkeep
from tests.support.storage.stores import LEASE, Clock, Store
from tests.support.workers.jobs import SPACING, Jobs, ScriptedVendor, app
from usecases.context import WorkerContext
from usecases.process.alarm import Alarm
from usecases.process.picture_room import PictureRoom
from usecases.process.vendor_gates import VendorGates


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys)


@pytest.fixture
def vendor() -> ScriptedVendor:
    return ScriptedVendor()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jobs(
    redis_pool: BlockingConnectionPool, store: Store, keys: KeyRing, vendor: ScriptedVendor, clock: Clock
) -> AsyncIterator[Jobs]:
    redis = Redis(connection_pool=redis_pool)
    inbox, queue = RedisInbox(redis, keys=keys), JobQueue(create_queue(redis_pool))
    context = WorkerContext(
        apps={"demo": app()},
        policies=PolicyBook.open(SHIPPED),
        announcer=Announcer(redis),
        inbox=inbox,
        alarm=Alarm(clock),
        recorder=store.recorder,
        ledger=store.ledger,
        decisions=store.decisions,
        due=store.due,
        held=store.held,
        owners=PgOwners(store.engine),
        leftovers=PgLeftovers(store.engine),
        events=MemoryEventUpkeep(),
        cases=PgReviews(store.engine, keys=store.data_keys),
        audit=PgAuditBlocks(store.engine),
        people=PgPeopleUpkeep(store.engine),
        numbers=PgNumbers(store.engine, keys=store.data_keys, index=BlindIndex(store.keys)),
        velocity=store.velocity,
        return_hints=store.return_hints,
        second_looks=store.due,
        dead_letters=store.dead_letters,
        vendor=vendor,
        gates=VendorGates(in_flight=64, monotonic=clock.monotonic),
        pictures=PictureRoom(at_once=8),
        pull_rules=PullRules(spacing=SPACING, in_flight=LEASE),
        lease=LEASE,
        clock=clock,
        jitter=lambda: 0.0,
    )
    jobs = Jobs(context, vendor, clock, store, redis, inbox, queue)
    yield jobs
    await jobs.end()


@pytest.fixture
async def without_database(jobs: Jobs, keys: KeyRing) -> AsyncIterator[WorkerContext]:
    """The context while PostgreSQL is away."""
    engine = create_engine(f"postgresql://nobody@127.0.0.1:{ports.free_port()}/nowhere")
    away = Store(engine, keys)
    yield replace(
        jobs.context,
        recorder=away.recorder,
        ledger=away.ledger,
        decisions=away.decisions,
        velocity=away.velocity,
        due=away.due,
        held=away.held,
        owners=PgOwners(engine),
        leftovers=PgLeftovers(engine),
        audit=PgAuditBlocks(engine),
        return_hints=away.return_hints,
        second_looks=away.due,
        dead_letters=away.dead_letters,
    )
    await engine.dispose()


@pytest.fixture
async def without_redis(jobs: Jobs, keys: KeyRing) -> AsyncIterator[WorkerContext]:
    """The context while Redis is away."""
    url = f"redis://127.0.0.1:{ports.free_port()}/0"
    pool = create_redis_pool(url, timeout=timedelta(milliseconds=200))
    redis = Redis(connection_pool=pool)
    yield replace(
        jobs.context,
        announcer=Announcer(redis),
        inbox=RedisInbox(redis, keys=keys),
    )
    await pool.disconnect()
