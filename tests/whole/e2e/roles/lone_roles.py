"""One role in a separate process, on servers that a test stops, freezes and restarts."""

import base64
import json
import os
import signal
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import httpx2
from redis.asyncio import Redis

from adapters.intake.inbox import RedisInbox
from adapters.processes.heartbeats import Heartbeats
from adapters.sealing.envelope import KeyRing
from devstack.environment import role_settings, without_settings
from devstack.processes import Process, ProcessSpec
from devstack.roles import Roles
from devstack.waiting import until
from domain.callback.signature import sign_data
from tests.support.http.clients import plain_client
from tests.support.payloads.callbacks import dump
from tests.support.servers.private import migrated_postgres, private_valkey
from tests.support.storage.stores import callback, payload

SECRET = "secret"
KEY = b"k" * 32
APP = {"api_key": "k", "api_secrets": [SECRET], "confirmation": "off"}
"""Decided on the callback alone: no vendor is needed."""

PATIENCE = 60.0
IN_ORDER = frozenset({0, -signal.SIGTERM})
"""uvicorn ends by the very signal that it was sent, once it has finished."""

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
        return len(self.entries(event))

    def entries(self, event: str) -> list[dict[str, Any]]:
        """Its log entries of an event; a role's own words on stderr are no entries."""
        lines = [line for line in self.spec.log.read_text().splitlines() if line.startswith("{")]
        return [entry for line in lines if (entry := json.loads(line)).get("event") == event]

    def output(self) -> str:
        """All that it has written."""
        return self.spec.log.read_text()


@asynccontextmanager
async def running_servers(folder: Path) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(private_valkey(folder))
        postgres = await stack.enter_async_context(migrated_postgres())
        yield Servers(folder, valkey, postgres)


@asynccontextmanager
async def role(spec: ProcessSpec, *, ends: Collection[int] = IN_ORDER) -> AsyncIterator[Role]:
    """A role inside the block, whether or not it answers; it must end in order."""
    running = Role(spec)
    await running.spawn()
    try:
        yield running
    finally:
        await running.stop()
    assert await running.ended() in ends


async def logs(a_role: Role, event: str, *, times: int = 1) -> None:
    """Return when a role has logged an event `count` times."""

    async def logged() -> bool:
        return a_role.logged(event) >= times

    await until(logged, patience=PATIENCE)


async def decided(servers: Servers, count: int) -> None:
    async def enough() -> bool:
        return await servers.decisions() == count

    await until(enough, patience=PATIENCE)


async def alive(servers: Servers, role_name: str, count: int = 1) -> None:
    async def seen() -> bool:
        async with Redis.from_url(servers.valkey.url) as redis:
            roles = [seen.heartbeat.role for seen in await Heartbeats(redis).alive()]
        return roles.count(role_name) == count

    await until(seen, patience=PATIENCE)


async def accepted(ingress: httpx2.AsyncClient, n: int = 1) -> bool:
    """Whether the ingress answers verification `n`'s callback with 200."""
    data = dump(payload(n))
    answer = await ingress.post(
        "/callbacks/demo/notify",
        content=urlencode({"data": data, "sign": sign_data(data, SECRET.encode())}).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    return answer.status_code == 200


def client(port: int) -> httpx2.AsyncClient:
    return plain_client(f"http://127.0.0.1:{port}", timeout=20)


async def status(client: httpx2.AsyncClient, path: str, wanted: int) -> bool:
    try:
        return (await client.get(path)).status_code == wanted
    except httpx2.HTTPError:
        return False
