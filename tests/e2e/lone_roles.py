"""One role in a separate process, on servers that a test stops, freezes and restarts."""

import base64
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
from redis.asyncio import Redis

from adapters.envelope import KeyRing
from adapters.intake.inbox import RedisInbox
from adapters.postgres.schema import migrate
from devstack.environment import role_settings, without_settings
from devstack.processes import Process, ProcessSpec
from devstack.roles import Roles
from tests.support.servers.private import private_postgres, private_valkey
from tests.support.stores import callback, payload

SECRET = "secret"
KEY = b"k" * 32
APP = {"api_key": "k", "api_secrets": [SECRET], "confirmation": "off"}
"""Decided on the callback alone: no vendor is needed."""

FAST = {"FACEID_SWEEP_EVERY": "1", "FACEID_SWEEP_AFTER": "2", "FACEID_HEARTBEAT_EVERY": "0.3"}


@dataclass
class Servers:
    """A Valkey and a migrated PostgreSQL of the test's own; both run."""

    folder: Path
    valkey: Process
    postgres: Process

    @property
    def roles(self) -> Roles:
        """The roles on these servers, with sweeps and heartbeats fast enough for a test."""
        needed = role_settings(
            self.valkey.url,
            self.postgres.url,
            master_key=base64.b64encode(KEY).decode(),
            apps={"demo": APP},
        )
        return Roles({**without_settings(os.environ), **needed, **FAST}, self.folder / "logs")

    async def hand_in(self, n: int) -> None:
        """Put verification `n`'s callback into the inbox. The sweep finds it: no job tells of it."""
        async with Redis.from_url(self.valkey.url) as redis:
            await RedisInbox(redis, keys=KeyRing([KEY])).hand_over(uuid4().hex, [callback(payload(n))])

    async def decisions(self) -> int:
        connection = await asyncpg.connect(self.postgres.url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM decisions"))
        finally:
            await connection.close()


class Role(Process):
    """A role's process."""

    def logged(self, event: str) -> int:
        """How often it has logged an event."""
        lines = self.spec.log.read_text().splitlines()
        return sum(json.loads(line).get("event") == event for line in lines)


@asynccontextmanager
async def running_servers(folder: Path) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(private_valkey(folder))
        postgres = await stack.enter_async_context(private_postgres())
        await migrate(postgres.url)
        yield Servers(folder, valkey, postgres)


@asynccontextmanager
async def role(spec: ProcessSpec) -> AsyncIterator[Role]:
    """A role inside the block, whether or not it answers; it must end in order."""
    running = Role(spec)
    await running.spawn()
    try:
        yield running
    finally:
        await running.stop()
    # uvicorn ends by the very signal that it was sent, once it has finished.
    assert await running.ended() in {0, -signal.SIGTERM}
