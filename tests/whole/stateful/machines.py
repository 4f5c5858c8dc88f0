"""What may happen to the gateway: the rules of three machines.

`CalmGateway` has every kind of callback and nothing that fails, `FaultyGateway` all that can go wrong too,
`RacingGateway` one verification that several workers have in their hands.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar, get_args

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.redis.client import RedisAway
from domain.pulls.reconciliation import RECONCILE_RULES
from tests.support.http.asgi import OLD_SECRET, SECRET
from tests.support.memory.pulls.vendor import Fault
from tests.support.memory.servers import MemoryDatabase, Server
from tests.whole.stateful.outside import STRANGER, TOKEN, Outside
from tests.whole.stateful.processes import Process
from tests.whole.stateful.promises import ALWAYS, History, everything_is_decided, one_call_is_enough
from tests.whole.stateful.sayings import ENDS, Saying, Spoiling, poison, said, spoilt
from tests.whole.stateful.world import World
from usecases.process.crash_points import CrashPoint

T = TypeVar("T")
Verification = tuple[str, int]

verifications: st.SearchStrategy[Verification] = st.runner().flatmap(
    lambda machine: st.sampled_from(machine.pool)
)
orders = st.sampled_from(["order-1", "order-1", "order-2"])
ways = st.sampled_from(["notify", "return"])
numbers = st.integers(0, 3)
turns = st.integers(1, 9) | st.just(99)


class Gateway(RuleBasedStateMachine):
    """Callbacks, registrations, and workers that stop before any call and go on."""

    database = MemoryDatabase
    pool: tuple[Verification, ...] = (("demo", 1), ("demo", 2), ("strict", 3), ("quick", 4))

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World(database=self.database)
        self.outside = Outside(self.world, History())
        self.outside.end(STRANGER, said(Saying.PASSED, STRANGER))
        structlog.configure(processors=[self.world.note_defect])

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @rule(verification=verifications, saying=st.sampled_from(Saying), biz_no=orders, way=ways)
    def callback(self, verification: Verification, saying: Saying, biz_no: str, way: str) -> None:
        """The vendor says something; if it is the end, the vendor keeps the same as the result."""
        app_id, n = verification
        if saying in ENDS:
            self.outside.end(n, said(saying, n, biz_no=biz_no))
        self.run(self.outside.deliver((app_id, said(saying, n, biz_no=biz_no)), way=way))

    @rule(verification=verifications, saying=st.sampled_from(ENDS), biz_no=orders)
    def user_ends(self, verification: Verification, saying: Saying, biz_no: str) -> None:
        """A flow ends at the vendor, and no callback comes, or another one later."""
        _, n = verification
        self.outside.end(n, said(saying, n, biz_no=biz_no))

    @rule(verification=verifications, biz_no=orders)
    def register(self, verification: Verification, biz_no: str) -> None:
        self.run(self.outside.register(*verification, biz_no=biz_no))

    @rule(verification=verifications | st.just(("demo", STRANGER)))
    def user_returns_by_get(self, verification: Verification) -> None:
        """A bare biz_id: one answer for all."""
        self.run(self.outside.get(*verification))
        assert len(self.outside.shown) == 1

    @rule(turns=turns, which=numbers)
    @precondition(lambda self: not self.world.redis.is_away and self.world.redis.jobs)
    def worker_takes_a_message(self, turns: int, which: int) -> None:
        self.run(self._work(turns, which))

    @rule(name=st.sampled_from(["sweep_inbox", "settle_due"]), turns=turns, which=numbers)
    @precondition(lambda self: not self.world.redis.is_away)
    def worker_sweeps(self, name: str, turns: int, which: int) -> None:
        self.run(self._sweep(name, turns, which))

    @rule(process=numbers, turns=turns, which=numbers)
    @precondition(lambda self: self.world.processes)
    def worker_goes_on(self, process: int, turns: int, which: int) -> None:
        self.run(self.world.go_on(self.process(process), turns, which=which))

    @invariant()
    def what_is_promised_holds(self) -> None:
        for promise in ALWAYS:
            promise(self.world, self.outside.history)

    def teardown(self) -> None:
        try:
            self.run(self.world.come_to_rest(self.what_is_promised_holds))
            everything_is_decided(self.world)
            self.at_rest()
        finally:
            self.runner.close()

    def at_rest(self) -> None:
        """What else holds at rest."""

    def process(self, number: int) -> Process:
        return self.world.processes[number % len(self.world.processes)]

    async def _work(self, turns: int, which: int) -> None:
        process = self.world.take_message()
        if process is not None:
            await self.world.go_on(process, turns, which=which)

    async def _sweep(self, name: str, turns: int, which: int) -> None:
        await self.world.go_on(self.world.begin_sweep(name), turns, which=which)


class CalmGateway(Gateway):
    """Duplicates, batches, strangers; time passes, but no lease ends before its work."""

    @rule(which=numbers, way=ways, old=st.booleans())
    @precondition(lambda self: self.outside.sent)
    def again(self, which: int, way: str, old: bool) -> None:
        """The same once more, by the browser or the vendor, signed with either secret."""
        body = self.outside.sent[which % len(self.outside.sent)]
        self.run(self.outside.deliver(body, way=way, secret=OLD_SECRET if old else SECRET))

    @rule(endings=st.lists(st.tuples(verifications, st.sampled_from(ENDS)), min_size=2, max_size=4))
    def several_at_once(self, endings: list[tuple[Verification, Saying]]) -> None:
        """Callbacks that go into one batch."""
        for (_, n), saying in endings:
            self.outside.end(n, said(saying, n))
        self.run(self.outside.deliver(*((app_id, said(saying, n)) for (app_id, n), saying in endings)))

    @rule(which=numbers, how=st.sampled_from(Spoiling), way=ways)
    def somebody_spoils_a_body(self, which: int, how: Spoiling, way: str) -> None:
        """Refused, and nothing is kept of it."""
        bodies = self.outside.sent or [("demo", said(Saying.FAILED, STRANGER))]
        app_id, data = bodies[which % len(bodies)]
        before = (set(self.world.redis.batches), set(self.world.intake.spool))
        reply = self.run(self.outside.post(app_id, spoilt(data, how), way))
        assert reply.status in {400, 401}
        assert (set(self.world.redis.batches), set(self.world.intake.spool)) == before

    @rule()
    def a_second_passes(self) -> None:
        self.world.clock.step(timedelta(seconds=1))

    def at_rest(self) -> None:
        one_call_is_enough(self.world)


class Faults(Gateway):
    """What goes wrong with workers, vendor and time."""

    @rule(process=numbers)
    @precondition(lambda self: self.world.processes)
    def worker_is_killed(self, process: int) -> None:
        self.run(self.world.kill(self.process(process)))

    @rule(point=st.sampled_from(get_args(CrashPoint)))
    def worker_will_die_at(self, point: CrashPoint) -> None:
        self.world.deadly = point

    @rule(faults=st.lists(st.sampled_from(Fault), min_size=1, max_size=3))
    def vendor_fails(self, faults: list[Fault]) -> None:
        """The next calls end so."""
        self.world.vendor.faults[:] = faults

    @rule(
        by=st.sampled_from(
            [timedelta(seconds=s) for s in (-600, -5, 20, 61, 61, 61, 300, 76_000, 90_000, 90_000)]
        )
    )
    def clock_steps(self, by: timedelta) -> None:
        self.world.clock.step(by)

    @rule(verification=verifications)
    def operator_asks_for_a_pull(self, verification: Verification) -> None:
        self.run(self.outside.ask_for_pull(*verification))


class RacingGateway(Faults):
    """One verification, and a worker who has stopped half way with it."""

    @initialize(
        app_id=st.sampled_from(["demo", "demo", "strict", "quick"]),
        saying=st.sampled_from([Saying.PASSED, Saying.PASSED, *Saying]),
        silent=st.booleans(),
        turns=st.integers(1, 9),
    )
    def a_worker_is_half_way(self, app_id: str, saying: Saying, silent: bool, turns: int) -> None:
        """It is advancing a callback, or looks for a result whose callback has not come."""
        self.pool = ((app_id, 1),)
        if silent or app_id == "strict":
            self.register((app_id, 1), "order-1")
        if not silent:
            self.callback((app_id, 1), saying, "order-1", "notify")
            self.worker_takes_a_message(turns, 0)
            return
        self.user_ends((app_id, 1), saying if saying in ENDS else Saying.PASSED, "order-1")
        self.world.clock.step(TOKEN + RECONCILE_RULES.grace)
        self.worker_sweeps("settle_due", turns, 0)


class FaultyGateway(Faults, CalmGateway):
    """Servers fail too, and what is sent gets lost or cannot be understood."""

    @rule(server=st.sampled_from(["redis", "database"]), how=st.sampled_from(["well", "away", "mute"]))
    def server_changes(self, server: str, how: str) -> None:
        """A server goes away, executes requests without a reply, or works again."""
        changed: Server = getattr(self.world, server)
        changed.is_away, changed.loses_replies = how == "away", how == "mute"

    @rule(is_full=st.booleans())
    def disk_changes(self, is_full: bool) -> None:
        self.world.intake.is_full = is_full

    @rule()
    @precondition(lambda self: self.world.intake.spool)
    def spool_is_drained(self) -> None:
        with contextlib.suppress(RedisAway):
            self.run(self.world.intake.drain())

    @rule()
    @precondition(lambda self: self.world.redis.jobs)
    def messages_get_lost(self) -> None:
        jobs = self.world.redis.jobs
        for job_id in [job_id for job_id, job in jobs.items() if not job.taken]:
            del jobs[job_id]

    @rule(app_id=st.sampled_from(["demo", "strict"]), n=st.integers(1, 2), way=ways)
    def poison_comes(self, app_id: str, n: int, way: str) -> None:
        """Genuine, and not to be understood."""
        self.run(self.outside.deliver((app_id, poison(n)), way=way))

    def at_rest(self) -> None:
        """Faults may cost calls, within the budget."""
