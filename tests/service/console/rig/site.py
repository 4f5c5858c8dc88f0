"""A console on a loopback port, over real servers."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.processes.heartbeats import Heartbeats
from adapters.redis.client import create_redis_pool
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.log import PgAuditLog
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.lookups.close_ups import PgCloseUps
from adapters.store.lookups.figures import PgFigures
from adapters.store.lookups.outcome_counts import PgOutcomeCounts
from adapters.store.reviews.store import PgReviews
from devstack.waiting import until
from domain.people.roles import Grant, Role
from service.console.context import ConsoleContext
from service.console.main import create_app
from service.console.readings import CachedReadings
from tests.service.console.rig.desks import (
    Setting,
    erasures_of,
    identity_of,
    letters_of,
    people_of,
    policies_of,
    webhooks_of,
)
from tests.support.http.api import figures_of, readiness_of
from tests.support.http.clients import plain_client
from tests.support.storage.emptying import empty_tables
from tests.support.storage.stores import Clock, Store
from tests.support.webhooks.hooks import Receiver
from tests.usecases.people.conftest import Office
from usecases.audit.denials import Denials
from usecases.reviews.desk import ReviewDesk

APP_IDS = ("demo", "other")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Site:
    """The console, and what tests reach behind it. `clock` is the pages' clock."""

    url: str
    app: FastAPI
    context: ConsoleContext
    people: Office
    store: Store
    engine: AsyncEngine
    redis: Redis
    clock: Clock
    receiver: Receiver
    keys: KeyRing

    async def enter(self, role: Role, app_id: str | None = None) -> str:
        """The cookie of a new person with this role, in every app or in one."""
        person = await self.people.person(f"{role.value}-{uuid4().hex[:6]}", Grant(role, app_id))
        return await self.people.cookie(person)

    async def seen_alive(self, count: int) -> None:
        """Wait until `count` processes have sent a heartbeat."""
        await until(lambda: self._are_alive(count))

    async def _are_alive(self, count: int) -> bool:
        return len(await Heartbeats(self.redis).alive()) == count

    @asynccontextmanager
    async def client(
        self, role: Role | None = None, app_id: str | None = None
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A client without a browser, signed in with this role."""
        cookies = {} if role is None else {"faceid": await self.enter(role, app_id)}
        headers = {"origin": self.url}
        async with plain_client(self.url, cookies=cookies, headers=headers) as client:
            yield client


@asynccontextmanager
async def console_site(redis_url: str, database_url: str) -> AsyncIterator[Site]:
    """A console on empty tables and an empty Valkey; its apps are `demo` and `other`."""
    pool, engine = create_redis_pool(redis_url, timeout=timedelta(seconds=5)), create_engine(database_url)
    redis, clock = Redis(connection_pool=pool), Clock()
    await redis.flushdb()
    await empty_tables(engine)
    keys, receiver = KeyRing([b"k" * 32]), Receiver(clock)
    people, store = Office(engine, keys), Store(engine, keys)
    context = _context(people, store, redis, clock, receiver)
    try:
        app = create_app(context)
        async with _served(app) as url:
            yield Site(url, app, context, people, store, engine, redis, clock, receiver, keys)
    finally:
        people.passwords.close()
        await engine.dispose()
        await pool.disconnect()


def _context(people: Office, store: Store, redis: Redis, clock: Clock, receiver: Receiver) -> ConsoleContext:
    return ConsoleContext(
        app_ids=APP_IDS,
        sessions=people.sessions,
        sign_ins=people.sign_ins,
        denials=Denials(PgAuditLog(store.engine), monotonic=time.monotonic),
        readiness=readiness_of(redis, store.engine),
        lookups=store.lookups,
        stored=PgStoredDecisions(store.engine),
        close_ups=PgCloseUps(store.engine),
        letters=letters_of(store, redis, clock),
        webhooks=webhooks_of(store, receiver, clock),
        people=people_of(people),
        policies=policies_of(store),
        audit=PgAuditLog(store.engine),
        identity=identity_of(store),
        erasures=erasures_of(store, clock),
        settings=(Setting("FACEID_API_RATE", "1000.0", is_set=False),),
        reviews=ReviewDesk(PgReviews(store.engine, keys=store.data_keys), clock=clock),
        readings=_readings(store, redis),
        zone=ZONE,
        clock=clock,
    )


def _readings(store: Store, redis: Redis) -> CachedReadings:
    engine = store.engine
    return CachedReadings(
        figures_of(redis),
        Heartbeats(redis),
        PgFigures(engine),
        PgOutcomeCounts(engine),
        PgReviews(engine, keys=store.data_keys),
        app_ids=APP_IDS,
        # Every look reads again.
        monotonic=count(step=10).__next__,
    )


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[str]:
    config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            await task
