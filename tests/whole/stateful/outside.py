"""The vendor, users and an operator: what they send, and the answers that they get."""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.postgres.sqlstate import DatabaseAway
from domain.apps.registration import Registration
from domain.model import verification_id
from tests.support.http.asgi import FORM, SECRET, Reply, send, signed
from tests.support.memory.pulls.vendor import Result
from tests.support.storage.stores import biz_id
from tests.whole.stateful.promises import History
from tests.whole.stateful.sayings import Saying, said
from tests.whole.stateful.world import World

Body = tuple[str, bytes]
"""To which app, and what is signed."""

TOKEN: Final = timedelta(minutes=50)
STRANGER: Final = 9
"""A verification for which no genuine callback ever comes."""


@dataclass
class Outside:
    """`sent`: the genuine callbacks so far. `shown`: what browsers with a bare biz_id were shown."""

    world: World
    history: History
    sent: list[Body] = field(default_factory=list)
    shown: set[tuple[int | None, bytes]] = field(default_factory=set)

    def begin(self, n: int) -> Result:
        """The vendor has made a token for verification `n`."""
        begun = Result(said(Saying.GOES_ON, n), self.world.clock.now)
        return self.world.vendor.results.setdefault(biz_id(n), begun)

    def end(self, n: int, body: bytes) -> None:
        """A flow ends, unless it had ended; its result is kept from now on."""
        result = self.begin(n)
        if result.body == said(Saying.GOES_ON, n):
            result.body, result.kept_since = body, self.world.clock.now

    async def deliver(self, *bodies: Body, way: str = "notify", secret: bytes = SECRET) -> None:
        """Genuine callbacks, all at once; what is acknowledged is noted."""
        for body in bodies:
            self._note(*body)
        posts = (self.post(app_id, signed(data, secret=secret), way) for app_id, data in bodies)
        for reply, (app_id, data) in zip(await asyncio.gather(*posts), bodies, strict=True):
            assert reply.status in {200, 503}
            if reply.status == 200:
                self.history.acknowledged.add((app_id, hashlib.sha256(data).digest()))

    async def post(self, app_id: str, form: bytes, way: str) -> Reply:
        """Any form."""
        path = f"/callbacks/{app_id}/{way}"
        return await send(self.world.ingress, path, [form], headers={"content-type": FORM})

    async def get(self, app_id: str, n: int) -> None:
        """A browser comes back with a bare biz_id."""
        path, query = f"/callbacks/{app_id}/return", f"biz_id={biz_id(n)}"
        reply = await send(self.world.ingress, path, method="GET", query=query)
        self.shown.add((reply.status, reply.body))

    async def register(self, app_id: str, n: int, *, biz_no: str) -> None:
        """The app registers a verification; it may not come through."""
        self.begin(n)
        self.history.known.add(biz_id(n))
        now = self.world.clock.now
        with contextlib.suppress(DatabaseAway):
            registration = Registration(biz_no, now, now + TOKEN)
            await self.world.registrations.register(app_id, biz_id(n), registration, by="token:orders")

    async def ask_for_pull(self, app_id: str, n: int) -> None:
        """An operator asks; it may be refused, or not come through."""
        key = verification_id(app_id, biz_id(n))
        if key not in self.world.database.verifications:
            return
        refusal = None
        with contextlib.suppress(DatabaseAway):
            refusal = await self.world.pull_requests.ask(key, now=self.world.clock.now, by="operator")
        self.history.requests[key] += refusal is None

    def _note(self, app_id: str, data: bytes) -> None:
        self.sent.append((app_id, data))
        for n in range(STRANGER):
            if biz_id(n).encode() in data:
                self.history.known.add(biz_id(n))
                self.history.genuine.setdefault(biz_id(n), []).append(data)
