"""A console on a loopback port, over real servers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx2
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.redis.client import create_redis_pool
from adapters.sealing.envelope import KeyRing
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.lookups.close_ups import PgCloseUps
from adapters.store.schema import metadata
from domain.people.roles import Role
from service.console.context import ConsoleContext
from service.console.main import create_app
from tests.console.rig.desks import letters_of, webhooks_of
from tests.console.rig.people import MemoryPeople
from tests.support.http.api import readiness_of
from tests.support.storage.stores import Clock, Store
from tests.support.webhooks.hooks import Receiver

APP_IDS = ("demo", "other")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Site:
    """The console, and what tests reach behind it. `clock` is the pages' clock."""

    url: str
    app: FastAPI
    context: ConsoleContext
    people: MemoryPeople
    store: Store
    engine: AsyncEngine
    redis: Redis
    clock: Clock
    receiver: Receiver
    keys: KeyRing

    def client(self, role: Role | None = None, app_id: str | None = None) -> httpx2.AsyncClient:
        """A client without a browser, signed in with this role."""
        cookies = {} if role is None else {"faceid": self.people.enter(role, app_id)}
        return httpx2.AsyncClient(base_url=self.url, cookies=cookies, headers={"origin": self.url})


@asynccontextmanager
async def console_site(redis_url: str, database_url: str) -> AsyncIterator[Site]:
    """A console on empty tables and an empty Valkey; its apps are `demo` and `other`."""
    pool, engine = create_redis_pool(redis_url, timeout=timedelta(seconds=5)), create_engine(database_url)
    redis, clock = Redis(connection_pool=pool), Clock()
    await redis.flushdb()
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    people = MemoryPeople(clock)
    keys = KeyRing([b"k" * 32])
    store = Store(engine, keys)
    receiver = Receiver(clock)
    context = _context(people, store, redis, clock, receiver)
    try:
        app = create_app(context)
        async with _served(app) as url:
            yield Site(url, app, context, people, store, engine, redis, clock, receiver, keys)
    finally:
        await engine.dispose()
        await pool.disconnect()


def _context(
    people: MemoryPeople, store: Store, redis: Redis, clock: Clock, receiver: Receiver
) -> ConsoleContext:
    return ConsoleContext(
        app_ids=APP_IDS,
        sessions=people,
        sign_ins=people,
        readiness=readiness_of(redis, store.engine),
        lookups=store.lookups,
        stored=PgStoredDecisions(store.engine),
        close_ups=PgCloseUps(store.engine),
        letters=letters_of(store, redis, clock),
        webhooks=webhooks_of(store, receiver, clock),
        zone=ZONE,
        clock=clock,
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
