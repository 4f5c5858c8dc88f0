"""A receiver that hangs holds up no event: a hint is followed at once, though an attempt is under way."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.webhooks.deliveries import PgDeliveries
from adapters.tasks.background import in_background
from devstack.waiting import until
from domain.events.webhooks.delivery import ClaimedDelivery
from domain.events.webhooks.way import Answer, Way
from tests.support.webhooks.hooks import OK, Hooks
from workers.delivering import Delivering

PATIENCE = 60


class Receivers:
    """The first one never answers."""

    async def post(self, way: Way, body: bytes, headers: Mapping[str, str]) -> Answer:
        if way.url.endswith("/1"):
            await asyncio.Event().wait()
        return OK


class Looks(PgDeliveries):
    """Notes how many pauses were made before each look."""

    def __init__(self, engine: AsyncEngine, pauses: Sequence[float]) -> None:
        super().__init__(engine)
        self._pauses = pauses
        self.seen: list[int] = []

    async def claim(
        self, *, now: datetime, lease: timedelta, room: int, apps: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        found = await super().claim(now=now, lease=lease, room=room, apps=apps)
        self.seen.append(len(self._pauses))
        return found


def delivering(
    hooks: Hooks, pauses: Sequence[float], pause: Callable[[float], Awaitable[None]]
) -> tuple[Looks, Delivering]:
    """A sender that looks by hints alone, and the looks that it makes."""
    looks = Looks(hooks.engine, pauses)
    context = hooks.sender(deliveries=looks, post=Receivers(), sleep=pause)
    return looks, Delivering(context, look_every=timedelta(hours=1))


async def test_a_hint_does_not_wait_for_what_ends(hooks: Hooks) -> None:
    for n in (1, 2):
        await hooks.endpoint(n)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        hooks.clock.go_on(timedelta(seconds=seconds))

    looks, loop = delivering(hooks, pauses, pause)

    # Before the loop: its first look finds it, and no hint comes in between.
    await hooks.event(1)
    async with in_background(loop.run()):
        # The second look follows the end of the delivery to the second receiver, after a pause.
        await until(lambda: has_looked(looks, 2), patience=PATIENCE)
        hooks.clock.go_on(timedelta(milliseconds=5))
        await hooks.event(2)
        loop.wake()
        await until(lambda: has_looked(looks, 3), patience=PATIENCE)
        loop.stop()
    await loop.end(grace=0)

    assert looks.seen[:3] == [0, 1, 1]


async def test_a_hint_ends_the_pause_behind_a_look(hooks: Hooks) -> None:
    for n in (1, 2):
        await hooks.endpoint(n)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        hooks.clock.go_on(timedelta(milliseconds=20))
        await asyncio.Event().wait()

    async def rests() -> bool:
        return len(pauses) > 0

    looks, loop = delivering(hooks, pauses, pause)

    await hooks.event(1)
    async with in_background(loop.run()):
        # The end of the delivery to the second receiver begins a pause that only a hint can end.
        await until(rests, patience=PATIENCE)
        await hooks.event(2)
        loop.wake()
        await until(lambda: has_looked(looks, 2), patience=PATIENCE)
        loop.stop()
    await loop.end(grace=0)

    assert looks.seen[1] == 1


async def test_a_look_that_found_no_events_delays_none(hooks: Hooks) -> None:
    await hooks.endpoint()
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.Event().wait()

    looks, loop = delivering(hooks, pauses, pause)

    await hooks.event(1)
    async with in_background(loop.run()):
        await until(lambda: has_looked(looks, 1), patience=PATIENCE)
        hooks.clock.go_on(timedelta(seconds=1))
        loop.wake()
        await until(lambda: has_looked(looks, 2), patience=PATIENCE)
        await hooks.event(2)
        loop.wake()
        await until(lambda: has_looked(looks, 3), patience=PATIENCE)
        loop.stop()
    await loop.end(grace=0)

    assert looks.seen[:3] == [0, 0, 0]


async def has_looked(looks: Looks, times: int) -> bool:
    return len(looks.seen) >= times
