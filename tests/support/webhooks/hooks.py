"""Endpoints, events and receivers of the tests of deliveries."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.outbound.webhooks.signing_keys import open_key
from adapters.sealing.envelope import KeyRing
from adapters.store.webhooks.deliveries import PgDeliveries, PgReceivers
from adapters.store.webhooks.delivery_desk import PgDeliveryDesk
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.events.webhooks.delivery import ClaimedDelivery
from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings
from domain.events.webhooks.signing import SigningSecret, new_secret
from domain.events.webhooks.way import Answer, NotSent, Way
from tests.support.storage.stores import LEASE, NOW, Clock
from usecases.events.webhooks.sending import SenderContext
from workers.delivering import Delivering

SECRET = new_secret(b"a-secret-of-32-bytes-for-testing")
OK = Answer(200)


@dataclass(frozen=True)
class Sent:
    """A request that a receiver got."""

    url: str
    event: dict[str, Any]
    headers: Mapping[str, str]
    at: datetime


@dataclass
class Receiver:
    """Answers each request as `answer` says, and notes it."""

    clock: Clock
    answer: Callable[[Way, dict[str, Any]], Answer | NotSent | Awaitable[Answer | NotSent]] = (
        lambda _way, _event: OK
    )
    sent: list[Sent] = field(default_factory=list)

    async def post(self, way: Way, body: bytes, headers: Mapping[str, str]) -> Answer | NotSent:
        event = json.loads(body) if body.startswith(b"{") else {}
        self.sent.append(Sent(way.url, event, headers, self.clock()))
        answer = self.answer(way, event)
        return await answer if isinstance(answer, Awaitable) else answer

    def seqs(self, url: str | None = None) -> list[int]:
        """The `seq` of each event that came, in order."""
        return [each.event["seq"] for each in self.sent if url in {None, each.url}]


class Hooks:
    """A sender on the real store, with a receiver by script. `sender()` is another process's."""

    def __init__(self, engine: AsyncEngine, keys: KeyRing, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self.apps = {"demo", "other"}
        self.receiver = Receiver(clock)
        self.endpoints = PgEndpoints(engine, keys=keys)
        self.desk = PgDeliveryDesk(engine)
        self.deliveries = PgDeliveries(engine)
        self.context = self.sender()
        self._loops: list[Delivering] = []

    def sender(self, **changes: Any) -> SenderContext:
        """A sender's context."""
        values: dict[str, Any] = {
            "deliveries": PgDeliveries(self.engine),
            "receivers": PgReceivers(self.endpoints),
            "post": self.receiver,
            "open_key": open_key,
            "apps": self.apps,
            "lease": LEASE,
            "clock": self.clock,
            "monotonic": self.clock.monotonic,
            "chance": lambda: 0.5,
        }
        return SenderContext(**values | changes)

    async def endpoint(self, n: int = 1, *, app_id: str = "demo", **settings: Any) -> Endpoint:
        """Store endpoint `n`, whose URL ends in its number."""
        private = {name: settings.pop(name) for name in ("secrets", "keys") if name in settings}
        added = Endpoint(
            id=UUID(int=n),
            app_id=app_id,
            settings=EndpointSettings(
                **{"url": f"https://shop.example/{n}", "types": ("verification.*",), **settings}
            ),
            private=EndpointPrivate(**{"secrets": (SigningSecret(SECRET),), **private}),
            created_at=NOW - timedelta(days=9),
            updated_at=NOW - timedelta(days=9),
        )
        assert await self.endpoints.add(added, limit=1000)
        return added

    async def event(
        self,
        verification: int = 1,
        *,
        kind: str = "verification.approved",
        app_id: str | None = "demo",
        outcome: str | None = "approved",
        at: datetime | None = None,
    ) -> int:
        """Append an event to the log, in its place among those of its verification; its `seq`."""
        body = json.dumps({"biz_id": str(verification), "effective_outcome": outcome, "outcome": outcome})
        async with self.engine.begin() as connection:
            return int(
                await connection.scalar(
                    _EVENT,
                    {
                        "app": app_id,
                        "v": UUID(int=verification),
                        "type": kind,
                        "at": at or self.clock(),
                        "body": body,
                    },
                )
                or 0
            )

    async def fan_out(self) -> int:
        """Make the deliveries of what is new; how many."""
        return (await self.deliveries.fan_out(now=self.clock(), limit=500)).deliveries

    async def claim(self, *, room: int = 100) -> list[ClaimedDelivery]:
        """What a sender gets now."""
        claimed = await self.deliveries.claim(now=self.clock(), lease=LEASE, room=room, apps=self.apps)
        return [*claimed]

    def loop(self, context: SenderContext | None = None) -> Delivering:
        """A sender's loop."""
        loop = Delivering(context or self.context)
        self._loops.append(loop)
        return loop

    async def run(self, context: SenderContext | None = None) -> None:
        """Deliver what is due now, and what becomes so by that, until nothing is."""
        loop, before = self.loop(context), -1
        while len(self.receiver.sent) != before:
            before = len(self.receiver.sent)
            loop.wake()
            await loop.deliver_due()
            await loop.idle()

    async def end(self) -> None:
        """End what is under way."""
        for loop in self._loops:
            await loop.end(grace=1)

    async def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]

    async def states(self, n: int = 1) -> list[tuple[str, str | None]]:
        """State and error of each delivery of endpoint `n`, in order."""
        query = "SELECT state, error FROM deliveries WHERE endpoint_id = :id ORDER BY seq"
        return [(state, error) for state, error in await self.rows(query, id=UUID(int=n))]

    async def due(self, n: int = 1) -> list[timedelta | None]:
        """When each delivery of endpoint `n` is due, from NOW on."""
        query = "SELECT due_at FROM deliveries WHERE endpoint_id = :id ORDER BY seq"
        return [due and due - NOW for (due,) in await self.rows(query, id=UUID(int=n))]

    async def health(self, n: int = 1) -> tuple[str, str | None, int]:
        """State, reason and failures of endpoint `n`."""
        [row] = await self.rows(
            "SELECT state, disabled_reason, failures FROM endpoints WHERE id = :id", id=UUID(int=n)
        )
        return row[0], row[1], row[2]

    async def log(self, kind: str) -> Sequence[dict[str, Any]]:
        """The details of the events of a type."""
        rows = await self.rows("SELECT body FROM events WHERE type = :kind ORDER BY seq", kind=kind)
        return [body["detail"] for (body,) in rows]


async def gathered(*work: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*work))


def new_id() -> UUID:
    return uuid4()


_EVENT = text("""
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT :app, :v, 1 + (SELECT count(*) FROM events WHERE verification_id = :v), :type, :at, CAST(:body AS json)
RETURNING seq
""")
