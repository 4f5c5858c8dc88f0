"""Events, an endpoint for them, and what its receiver has got."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings
from domain.events.webhooks.signing import SigningSecret
from tests.whole.faults.rig.callbacks import app_id
from tests.whole.faults.rig.harness import Rig
from tests.whole.faults.rig.receiver import SECRET
from tests.whole.faults.rig.report import Notebook

APP: Final = app_id(0)
SENDER: Final = {"FACEID_ROLES": "deliver"}
EVENTS: Final = 40
"""How many are appended before each fault."""

SCHEDULE: Final = (timedelta(seconds=1),) * 1000
"""An outage of the receiver costs a second, and no delivery is given up."""

_APPEND: Final = text("""
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT :app, :id, 1 + (SELECT count(*) FROM events WHERE verification_id = :id), 'verification.reviewed',
       clock_timestamp(), CAST('{}' AS json)
RETURNING id
""")
_PROBE_NOW: Final = text("UPDATE endpoints SET next_probe_at = now() WHERE next_probe_at > now()")
_FAILS: Final = text("SELECT count(*) FROM endpoints WHERE failures > 0")
_LEFT: Final = text("SELECT count(*) FROM deliveries WHERE state <> 'delivered'")


@dataclass
class Webhooks:
    """Events that a test appends, and the requests that the receiver has noted, in their order."""

    rig: Rig
    engine: AsyncEngine
    appended: dict[UUID, UUID] = field(default_factory=dict)
    """The verification of each event."""
    verifications: list[UUID] = field(default_factory=lambda: [uuid4() for _ in range(200)])

    async def append(self, count: int) -> None:
        """Append events in turn to each of the verifications."""
        async with self.engine.begin() as connection:
            for _ in range(count):
                verification = self.verifications[len(self.appended) % len(self.verifications)]
                event_id = await connection.scalar(_APPEND, {"app": APP, "id": verification})
                self.appended[event_id] = verification

    @property
    def requests(self) -> list[tuple[int, UUID]]:
        """`n` and id of the event of each request so far."""
        lines = self.rig.receiver_log.read_text().splitlines() if self.rig.receiver_log.exists() else []
        return [(int(n), UUID(event_id)) for n, event_id in (line.split(" ") for line in lines)]

    async def gets(self, count: int, *, within: float = 120) -> None:
        """Return once this many more requests have come."""
        wanted = len(self.requests) + count
        async with asyncio.timeout(within):
            while len(self.requests) < wanted:
                await asyncio.sleep(0.01)

    async def all_delivered(self, *, within: float = 300) -> None:
        """Return when no delivery is pending and every event has come."""
        async with asyncio.timeout(within):
            while await self._left() or len(self.ids) < len(self.appended):
                await asyncio.sleep(0.2)

    async def fails(self, *, within: float = 120) -> None:
        """Return once an attempt has failed, and no later one was a success."""
        async with asyncio.timeout(within):
            while not await self._count(_FAILS):
                await asyncio.sleep(0.1)

    async def _left(self) -> int:
        """Deliveries that are not delivered. After many failures the next probe is not waited for."""
        async with self.engine.begin() as connection:
            await connection.execute(_PROBE_NOW)
        return await self._count(_LEFT)

    async def _count(self, query: TextClause) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(query) or 0)

    @property
    def ids(self) -> set[UUID]:
        """The ids that came."""
        return {event_id for _, event_id in self.requests}

    def out_of_order(self) -> int:
        """How many requests brought an earlier event of a verification behind a later one."""
        came = defaultdict[UUID, list[int]](list)
        for n, event_id in self.requests:
            came[self.appended[event_id]].append(n)
        return sum(later < earlier for each in came.values() for earlier, later in pairwise(each))

    def judged(self, notebook: Notebook) -> None:
        """Note the figures; fail if an event is lost or out of order."""
        requests, ids = self.requests, self.ids
        lost, late = len(set(self.appended) - ids), self.out_of_order()
        notebook.note(
            events=len(self.appended), lost=lost, out_of_order=late, copies=len(requests) - len(ids)
        )
        assert (lost, late) == (0, 0)


@asynccontextmanager
async def receiving(rig: Rig) -> AsyncIterator[Webhooks]:
    """A receiver that is up, with its endpoint."""
    # Every connection is tried before it is used: the server may have been killed since.
    engine = create_engine(rig.database_url, rested=timedelta(0))
    rig.receiver_log.unlink(missing_ok=True)
    await rig.start("receiver")
    try:
        await add_endpoint(rig, engine, f"http://127.0.0.1:{rig.ports['receiver']}/hook", max_in_flight=1000)
        yield Webhooks(rig, engine)
    finally:
        await rig.kill("receiver")
        await forget(engine)
        await engine.dispose()


async def forget(engine: AsyncEngine) -> None:
    """Delete every event, endpoint and delivery."""
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE attempts, deliveries, endpoints, events"))


async def add_endpoint(rig: Rig, engine: AsyncEngine, url: str, *, max_in_flight: int) -> None:
    """An endpoint that selects every event of `APP`."""
    now = datetime.now(UTC)
    endpoint = Endpoint(
        id=uuid4(),
        app_id=APP,
        settings=EndpointSettings(url=url, max_in_flight=max_in_flight, schedule=SCHEDULE),
        private=EndpointPrivate(secrets=(SigningSecret(SECRET),)),
        created_at=now,
        updated_at=now,
    )
    keys = KeyRing([base64.b64decode(rig.secrets.master_key)])
    assert await PgEndpoints(engine, keys=keys).add(endpoint, limit=9)
