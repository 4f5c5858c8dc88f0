"""A worker's context and what tests do with it: a vendor that answers by script, batches, loops, crons."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec
from redis.asyncio import Redis

from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue
from adapters.redis.names import DEFAULT_NAMES
from domain.apps.app import App
from domain.callback.payload import decode_payload
from domain.model import AcceptedCallback, ConfirmationMode
from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from domain.verifications.records import Case
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import LEASE, NOW, Clock, Json, Store, callback, payload
from tests.support.workers.batches import stored_batches
from usecases.context import WorkerContext
from usecases.process.crash_points import CrashPoint, PicturePoint
from usecases.verifications.await_registration import release_held
from workers.advancing import Advancing
from workers.jobs import Loops, crons
from workers.recording import Recording

SPACING = timedelta(seconds=60)
AT_ONCE = 100


class HeldCall:
    """A call that ends when `gate` is set."""

    def __init__(self) -> None:
        self.begun, self.gate = asyncio.Event(), asyncio.Event()

    async def wait(self) -> None:
        self.begun.set()
        await self.gate.wait()


@dataclass
class ScriptedVendor:
    """Answers with `answers`, one after the other, the last one for ever; notes what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], object] | None = None
    """Called, and awaited if it can be, while the call is under way."""

    def hold(self) -> HeldCall:
        """Answer no call from now on before the gate of the one that is returned opens."""
        held = HeldCall()
        self.before = held.wait
        return held

    async def get_result(self, app: App, biz_id: str) -> Answer:
        self.asked.append(biz_id)
        n = len(self.asked)
        if self.before is not None:
            waiting = self.before()
            if hasattr(waiting, "__await__"):
                await waiting
        return self.answers[min(n, len(self.answers)) - 1]


def answered(tree: Json | bytes) -> Answer:
    """HTTP 200 with this body."""
    return Answer(PullState.DONE, 200, body=tree if isinstance(tree, bytes) else dump(tree))


def refused(status: int, error: str) -> Answer:
    return Answer(PullState.DONE, status, error)


TIMED_OUT = Answer(PullState.UNKNOWN, error="TIMEOUT")
NOT_SENT = Answer(PullState.NOT_SENT, error="CONNECT_FAILED")


def app(
    *,
    confirmation: ConfirmationMode = ConfirmationMode.REQUIRED,
    delays: tuple[timedelta, ...] = (timedelta(seconds=90),),
    app_id: str = "demo",
    require_registration: bool = False,
) -> App:
    return App(
        app_id=app_id,
        api_key="k",
        secrets=(b"s",),
        confirmation=confirmation,
        require_registration=require_registration,
        pull_retry_delays=delays,
    )


class WorkerDied(Exception):
    """Raised where the process would end."""


class Jobs:
    """A worker's context and what tests do with it."""

    def __init__(
        self,
        context: WorkerContext,
        vendor: ScriptedVendor,
        clock: Clock,
        store: Store,
        redis: Redis,
        inbox: RedisInbox,
        queue: JobQueue,
    ) -> None:
        self.context = replace(context, reached=self._reached)
        self._deadly: CrashPoint | PicturePoint | None = None
        self._advancing: list[Advancing] = []
        self.redis = redis
        self.inbox = inbox
        self.queue = queue
        self.vendor = vendor
        self.clock = clock
        self.store = store

    def die_at(self, point: CrashPoint | None) -> None:
        """Let a worker die whenever it reaches this point; None: never again."""
        self._deadly = point

    def _reached(self, point: CrashPoint | PicturePoint) -> None:
        if point == self._deadly:
            raise WorkerDied(point)

    def configure(self, changed: App) -> None:
        """Put an app's settings in the place of those it had."""
        apps = self.context.apps
        assert isinstance(apps, dict)
        apps[changed.app_id] = changed

    async def case(self, tree: Json | None = None, *, is_new: bool = True) -> Case:
        """A recorded callback, ready to be advanced."""
        taken = callback(tree)
        recorded = await self.store.record(taken)
        said = decode_payload(taken.data)
        return Case(
            lease=recorded.lease,
            biz_id=said.biz_id,
            payload=said,
            ended_at=NOW,
            is_new=is_new,
        )

    def loops(self, context: WorkerContext | None = None) -> Loops:
        """A worker's loops, which run as far as the test lets them."""
        used = context or self.context
        advancing = Advancing(used, at_once=AT_ONCE, look_every=LEASE)
        self._advancing.append(advancing)
        return Loops(Recording(used, advancing), advancing)

    async def end(self) -> None:
        """End what is under way: nothing of a test may meet a closed engine."""
        for advancing in self._advancing:
            await advancing.end(grace=1)
        # Calls, and what was handed to a coalescer, go on although their caller was cancelled.
        if under_way := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(under_way, timeout=0.5)

    async def work(self, context: WorkerContext | None = None) -> None:
        """Record what waits in the inbox and advance it."""
        loops = self.loops(context)
        try:
            while await loops.recording.record_some():
                pass
        finally:
            await loops.advancing.idle()

    async def advance_due(self, context: WorkerContext | None = None) -> None:
        """What the cron does: advance what is due, and of what is silent as many as one sweep may."""
        await release_held(context or self.context)
        advancing = self.loops(context).advancing
        while await advancing.claim_due():
            pass
        await advancing.claim_silent((context or self.context).silent_per_sweep)
        await advancing.idle()

    async def lapse(self) -> None:
        """Let the lease of every claimed batch end."""
        for batch_id in await self.redis.zrange(DEFAULT_NAMES.claimed, 0, -1):
            await self.redis.zadd(DEFAULT_NAMES.claimed, {batch_id: 1})

    async def outcome(self, n: int = 1) -> tuple[str, str | None, list[str]]:
        """State, outcome and reason codes of verification `n`."""
        record = await self.store.find(n)
        assert record is not None
        return record.state, record.outcome, [reason["code"] for reason in record.reasons]

    async def ledger(self) -> list[tuple[int, str, str | None]]:
        """Every call: number, state, error."""
        rows = await self.store.rows("SELECT n, state, error FROM pulls ORDER BY n")
        return [(n, state, error) for n, state, error in rows]

    async def due(self) -> timedelta | None:
        """How long after the callback somebody looks again at the one verification there is."""
        [(due_at,)] = await self.store.rows("SELECT due_at FROM verifications")
        return None if due_at is None else due_at - NOW


def again(case: Case) -> Case:
    """The case as another worker takes it up after a crash."""
    return msgspec.structs.replace(case, is_new=False)


async def later(jobs: Jobs) -> None:
    """Go on to when the verification is due, and take it up."""
    due = await jobs.due()
    assert due is not None
    jobs.clock.now = NOW + due
    await jobs.advance_due()


def quick(n: int) -> AcceptedCallback:
    """A callback that is decided without a call."""
    return callback(payload(n, status="WHATEVER"))


async def put(jobs: Jobs, *taken: AcceptedCallback, starts: int = 0, batch_id: str = "b1") -> None:
    """A batch that was claimed this many times before, each time by a worker that died."""
    await jobs.inbox.hand_over(batch_id, taken)
    if starts:
        await jobs.inbox.claim(lease=jobs.context.lease)
        await jobs.redis.hset(DEFAULT_NAMES.starts, batch_id, str(starts))  # type: ignore[misc]
        await jobs.lapse()


async def in_inbox(jobs: Jobs) -> list[str]:
    return sorted(await stored_batches(jobs.redis, jobs.store.keys))


async def decisions(jobs: Jobs) -> int:
    [(count,)] = await jobs.store.rows("SELECT count(*) FROM decisions")
    return int(count)


async def nothing_to_adopt() -> int:
    return 0


async def run_crons(
    context: WorkerContext, loops: Loops, adopt: Callable[[], Awaitable[int]] = nothing_to_adopt
) -> None:
    for cron in crons(context, loops, every=10, names=DEFAULT_NAMES, adopt=adopt):
        await cron.coroutine({})
