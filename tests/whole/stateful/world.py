"""The whole gateway in one thread: real ingress, workers and domain, servers in memory, a clock to set."""

import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from arq.cron import CronJob

from adapters.intake.queue import RECORD_WAITING
from adapters.policies.folder import SHIPPED, PolicyBook
from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from adapters.redis.names import DEFAULT_NAMES
from domain.apps.app import App
from domain.model import ConfirmationMode
from domain.pulls.budget import PullRules
from service.ingress.acceptance import IngressContext
from service.ingress.main import create_app
from tests.support.http.asgi import OLD_SECRET, SECRET
from tests.support.http.return_hints import throttled_hints
from tests.support.memory.audit import MemoryAuditBlocks
from tests.support.memory.callbacks.dead_letters import MemoryDeadLetters
from tests.support.memory.callbacks.held import MemoryHeldVerifications
from tests.support.memory.callbacks.inbox import MemoryInbox
from tests.support.memory.callbacks.intake import MemoryIntake
from tests.support.memory.callbacks.owners import MemoryOwners
from tests.support.memory.callbacks.recorder import MemoryRecorder
from tests.support.memory.callbacks.registrations import MemoryRegistrations
from tests.support.memory.cases import MemoryCases
from tests.support.memory.decisions import MemoryDecisions
from tests.support.memory.due import MemoryDueVerifications
from tests.support.memory.events.events import MemoryEventUpkeep
from tests.support.memory.events.messages import MemoryAnnouncer, MemoryMessenger
from tests.support.memory.identity.numbers import MemoryNumbers, MemoryVelocity
from tests.support.memory.leftovers import MemoryLeftovers
from tests.support.memory.people import MemoryPeopleUpkeep
from tests.support.memory.pulls.ledger import MemoryLedger
from tests.support.memory.pulls.pull_requests import MemoryPullRequests
from tests.support.memory.pulls.vendor import MemoryVendor
from tests.support.memory.return_hints import MemoryReturnedVerifications, MemoryReturnHints
from tests.support.memory.servers import MemoryDatabase, MemoryRedis
from tests.support.storage.stores import LEASE, OPERATORS_RULES
from tests.whole.stateful.clock import StepClock
from tests.whole.stateful.processes import Ending, Process, kill_current, turn
from usecases.context import WorkerContext
from usecases.process.alarm import Alarm
from usecases.process.crash_points import CrashPoint, PicturePoint
from usecases.process.picture_room import PictureRoom
from usecases.process.vendor_gates import VendorGates
from workers.advancing import Advancing
from workers.jobs import JOB_TIMEOUT, Loops, crons, functions
from workers.recording import Recording

_POLICIES: Final = PolicyBook.open(SHIPPED)
_AT_ONCE: Final = 3
_GRACE: Final = timedelta(seconds=30)
_INVISIBLE: Final = timedelta(seconds=JOB_TIMEOUT + 10)
"""How long arq hides the job of a worker that was killed."""


def app(app_id: str, **settings: Any) -> App:
    return App(app_id=app_id, api_key="k", secrets=(SECRET, OLD_SECRET), **settings)


APPS: Final = {
    "demo": app("demo", confirmation=ConfirmationMode.REQUIRED),
    "strict": app("strict", confirmation=ConfirmationMode.REQUIRED, require_registration=True),
    "quick": app("quick", confirmation=ConfirmationMode.PREFERRED),
}


async def _nothing_to_adopt() -> int:
    return 0


async def _rest(_seconds: float) -> None:
    """Wait until the test lets the process go on."""
    await turn()


class WatchedRecording(Recording):
    """A recording that notes whether it was woken; the world calls `drain`, where a worker has `run`."""

    woken = False

    def wake(self) -> None:
        self.woken = True
        super().wake()


class World:
    """`deadly`: where the next process that comes by dies. `defects`: errors that a catch-all swallowed."""

    def __init__(self, *, database: type[MemoryDatabase] = MemoryDatabase) -> None:
        self.clock = StepClock()
        self.redis, self.database = MemoryRedis(turn), database(turn)
        self.vendor = MemoryVendor(self.clock, turn)
        self.messenger = MemoryMessenger(self.redis, clock=self.clock)
        self.inbox = MemoryInbox(self.redis, clock=self.clock)
        self.intake = MemoryIntake(self.inbox)
        self.registrations = MemoryRegistrations(self.database)
        self.pull_requests = MemoryPullRequests(self.database, rules=OPERATORS_RULES)
        self.processes: list[Process] = []
        self.deadly: CrashPoint | PicturePoint | None = None
        self.defects: list[str] = []
        self._context = self._worker_context()
        self.ingress = create_app(self._ingress_context())

    def _ingress_context(self) -> IngressContext:
        return IngressContext(
            apps=APPS,
            intake=self.intake,
            max_body_bytes=20_000,
            clock=self.clock,
            return_hints=throttled_hints(MemoryReturnHints(self.redis, clock=self.clock, grace=_GRACE)),
        )

    def _worker_context(self) -> WorkerContext:
        due = MemoryDueVerifications(self.database)
        return WorkerContext(
            apps=APPS,
            policies=_POLICIES,
            announcer=MemoryAnnouncer(self.redis),
            inbox=self.inbox,
            alarm=Alarm(self.clock),
            recorder=MemoryRecorder(self.database, lease=LEASE),
            ledger=MemoryLedger(self.database),
            decisions=MemoryDecisions(self.database),
            due=due,
            held=MemoryHeldVerifications(self.database),
            owners=MemoryOwners(),
            leftovers=MemoryLeftovers(),
            events=MemoryEventUpkeep(),
            cases=MemoryCases(),
            audit=MemoryAuditBlocks(),
            people=MemoryPeopleUpkeep(),
            numbers=MemoryNumbers(),
            velocity=MemoryVelocity(self.database),
            return_hints=MemoryReturnedVerifications(self.database),
            second_looks=due,
            dead_letters=MemoryDeadLetters(self.database),
            vendor=self.vendor,
            gates=VendorGates(in_flight=2, monotonic=self.clock.monotonic),
            pictures=PictureRoom(at_once=2),
            pull_rules=PullRules(in_flight=LEASE),
            lease=LEASE,
            clock=self.clock,
            reached=self._reached,
            jitter=lambda: 0.0,
            sleep=_rest,
        )

    def _reached(self, point: CrashPoint | PicturePoint) -> None:
        if point == self.deadly:
            self.deadly = None
            kill_current()

    def take_message(self) -> Process | None:
        """Let a worker begin the message that has waited longest, if there is one."""
        waiting = [(job.at, name) for name, job in self.redis.jobs.items() if not job.taken]
        at, job_id = min(waiting, default=(None, ""))
        if at is None or at > self.clock.now:
            return None
        job = self.redis.jobs[job_id]
        job.taken = True
        if job.function == RECORD_WAITING:
            # It has ended before the worker looks into the inbox.
            del self.redis.jobs[job_id]
        work = self._job(job.function, *filter(None, [job.argument]))
        return self._begin(work, on_end=lambda end: self._job_ended(job_id, end))

    def begin_sweep(self, name: str) -> Process:
        """Let a worker begin a sweep."""
        return self._begin(self._sweep(name), on_end=self._sweep_ended)

    async def _job(self, name: str, *arguments: str) -> None:
        loops = self._loops()
        jobs = {function.name: function.coroutine for function in functions(self._context, loops)}
        await jobs[name]({}, *arguments)
        await self._work_off(loops)

    async def _sweep(self, name: str) -> None:
        loops = self._loops()
        sweeps = {job.name: job.coroutine for job in self._crons(loops)}
        await sweeps[DEFAULT_NAMES.job(name)]({})
        await self._work_off(loops)

    def _crons(self, loops: Loops) -> list[CronJob]:
        return crons(self._context, loops, every=10, names=DEFAULT_NAMES, adopt=_nothing_to_adopt)

    def _loops(self) -> Loops:
        """A new worker."""
        advancing = Advancing(self._context, at_once=_AT_ONCE, look_every=_GRACE)
        return Loops(WatchedRecording(self._context, advancing), advancing)

    async def _work_off(self, loops: Loops) -> None:
        """What the two loops of the worker do once they are woken."""
        assert isinstance(loops.recording, WatchedRecording)
        if loops.recording.woken:
            await loops.recording.drain()
        with contextlib.suppress(RedisAway, DatabaseAway):
            while await loops.advancing.claim_due():
                pass
        await loops.advancing.idle()

    def _begin(self, work: Awaitable[Any], *, on_end: Callable[[Ending], None]) -> Process:
        process = Process(cast("Any", work), on_end=on_end)
        self.processes.append(process)
        return process

    def _job_ended(self, job_id: str, end: Ending) -> None:
        job = self.redis.jobs.get(job_id)
        if job is not None and end is None:
            job.taken, job.at = False, self.clock.now + _INVISIBLE
        else:
            self.redis.jobs.pop(job_id, None)
            self._sweep_ended(end)

    def _sweep_ended(self, end: Ending) -> None:
        if end is not None and end.error is not None:
            self.defects.append(repr(end.error))

    async def go_on(self, process: Process, turns: int = sys.maxsize, *, which: int = 0) -> None:
        """Let a process make this many calls, by default all that it waits to make."""
        await process.go_on(turns, which=which)
        self.processes = [each for each in self.processes if not each.is_over]

    async def kill(self, process: Process) -> None:
        """End a process as kill -9 would."""
        process.kill()
        await process.quiet()
        self.processes.remove(process)

    def note_defect(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> Mapping[str, Any]:
        """A log processor: an error that is caught and logged is a defect, unless a server was away."""
        error = sys.exc_info()[1]
        if event.get("exc_info") and not isinstance(error, (RedisAway, DatabaseAway)):
            self.defects.append(f"{event['event']}: {error!r}")
        raise structlog.DropEvent

    async def come_to_rest(self, check: Callable[[], None]) -> None:
        """Restore every server, finish every task, and advance the clock until nothing is left to do.

        `check` is called whenever somebody has finished.
        """
        self._mend()
        for _ in range(200):
            while any(process.can_go_on for process in self.processes):
                for process in list(self.processes):
                    await self._finish(process, check)
            await self.intake.drain()
            await self._all_messages_and_sweeps(check)
            if not self._jump():
                return
        raise AssertionError("it does not come to rest")

    def _mend(self) -> None:
        for server in (self.redis, self.database):
            server.is_away = server.loses_replies = False
        self.deadly = None
        self.vendor.faults.clear()

    async def _all_messages_and_sweeps(self, check: Callable[[], None]) -> None:
        while process := self.take_message():
            await self._finish(process, check)
        for name in ("sweep_inbox", "sweep_waiting", "settle_due"):
            await self._finish(self.begin_sweep(name), check)

    async def _finish(self, process: Process, check: Callable[[], None]) -> None:
        await self.go_on(process)
        check()

    def _jump(self) -> bool:
        """Set the clock to the next moment at which something is to be done; False: there is none."""
        moments = [job.at for job in self.redis.jobs.values()]
        moments += [batch.lapses_at or self.clock.now for batch in self.redis.batches.values()]
        rows = self.database.verifications.values()
        moments += [row.due_at for row in rows if row.due_at is not None and not row.held]
        if moments:
            self.clock.step(max(min(moments) - self.clock.now, timedelta(seconds=1)))
        return bool(moments)
