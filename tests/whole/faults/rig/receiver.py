"""A receiver of webhooks that notes every request, and an endpoint and events for it."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid4

from aiohttp import web
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks.webhooks import Webhook

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.webhooks.endpoints import PgEndpoints
from devstack.ports import free_port
from domain.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings
from domain.webhooks.signing import SigningSecret, new_secret
from tests.whole.faults.rig.callbacks import app_id
from tests.whole.faults.rig.harness import Rig

SECRET: Final = new_secret(b"a secret of the fault suite, 32!")
APP: Final = app_id(0)
_APPEND: Final = text("""
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT :app, :id, 1 + (SELECT count(*) FROM events WHERE verification_id = :id), 'verification.reviewed',
       clock_timestamp(), CAST('{}' AS json)
RETURNING id
""")


@dataclass
class Receiver:
    """What came: for each verification the numbers and ids of its events, in the order of their requests."""

    engine: AsyncEngine
    came: defaultdict[UUID, list[tuple[int, UUID]]] = field(default_factory=lambda: defaultdict(list))
    requests: int = 0
    appended: dict[UUID, UUID] = field(default_factory=dict)
    verifications: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(200)])
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, count: int) -> None:
        """Append events in turn to each of the verifications."""
        async with self.engine.begin() as connection:
            for _ in range(count):
                verification = self.verifications[len(self.appended) % len(self.verifications)]
                event_id = await connection.scalar(_APPEND, {"app": APP, "id": verification})
                self.appended[event_id] = verification

    async def take(self, request: web.Request) -> web.Response:
        """Verify and note a webhook."""
        body = await request.read()
        event = Webhook(SECRET).verify(body.decode(), dict(request.headers))
        event_id = UUID(request.headers["webhook-id"])
        assert UUID(event["id"]) == event_id
        self.came[self.appended[event_id]].append((event["n"], event_id))
        self.requests += 1
        self.more.set()
        return web.Response(status=204)

    async def gets(self, count: int, *, within: float = 60) -> None:
        """Return once this many more requests have come."""
        until = self.requests + count
        async with asyncio.timeout(within):
            while self.requests < until:
                self.more.clear()
                await self.more.wait()

    async def all_delivered(self, *, within: float = 120) -> None:
        """Return when no delivery is pending and every event has come."""
        query = text("SELECT count(*) FROM deliveries WHERE state <> 'delivered'")
        async with asyncio.timeout(within):
            while True:
                async with self.engine.connect() as connection:
                    left = await connection.scalar(query)
                if not left and len(self.ids) == len(self.appended):
                    return
                await asyncio.sleep(0.2)

    @property
    def ids(self) -> set[UUID]:
        """The ids that came."""
        return {event_id for came in self.came.values() for _, event_id in came}

    def out_of_order(self) -> int:
        """How many requests brought an earlier event of a verification behind a later one."""
        pairs = (pair for came in self.came.values() for pair in pairwise(came))
        return sum(later[0] < earlier[0] for earlier, later in pairs)


@asynccontextmanager
async def receiving(rig: Rig) -> AsyncIterator[Receiver]:
    """A receiver that is up, with its endpoint."""
    engine = create_engine(rig.database_url)
    receiver = Receiver(engine)
    port = free_port()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        await _endpoint(rig, engine, f"http://127.0.0.1:{port}/hook")
        yield receiver
    finally:
        await runner.cleanup()
        async with engine.begin() as connection:
            await connection.execute(text("TRUNCATE attempts, deliveries, endpoints, events"))
        await engine.dispose()


async def _endpoint(rig: Rig, engine: AsyncEngine, url: str) -> None:
    now = datetime.now(UTC)
    endpoint = Endpoint(
        id=uuid4(),
        app_id=APP,
        settings=EndpointSettings(url=url, max_in_flight=1000),
        private=EndpointPrivate(secrets=(SigningSecret(SECRET),)),
        created_at=now,
        updated_at=now,
    )
    keys = KeyRing([base64.b64decode(rig.secrets.master_key)])
    assert await PgEndpoints(engine, keys=keys).add(endpoint, limit=9)
