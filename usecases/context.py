"""The dependencies of every job, built once per process by `workers.building`."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.apps.app import App
from domain.pulls.budget import ALWAYS, PullRules
from domain.pulls.reconciliation import RECONCILE_RULES, ReconcileRules
from usecases.pictures.keep import PictureKeeping
from usecases.pictures.sweep import PictureSweep
from usecases.ports.audit import Anchor, AuditBlocks
from usecases.ports.callbacks.inbox import Inbox
from usecases.ports.callbacks.letters import DeadLetters
from usecases.ports.callbacks.recording import Owners, Recorder
from usecases.ports.decisions import Announcer, Decisions, Policies, SecondLooks
from usecases.ports.events.log import EventUpkeep
from usecases.ports.identity.erasure import BegunErasures, RetentionRuns
from usecases.ports.identity.numbers import NumberUpkeep, NumberVelocity
from usecases.ports.people import PeopleUpkeep
from usecases.ports.pulls import Ledger, Vendor
from usecases.ports.reviews import CaseUpkeep
from usecases.ports.schedule import (
    DueVerifications,
    HeldVerifications,
    LeftVerifications,
    ReturnedVerifications,
)
from usecases.process.alarm import Alarm
from usecases.process.crash_points import CrashPoint, PicturePoint
from usecases.process.picture_room import PictureRoom
from usecases.process.vendor_gates import VendorGates
from usecases.process.worker_stats import WorkerStats


def _go_on(_point: CrashPoint | PicturePoint) -> None:
    pass


@dataclass(frozen=True)
class WorkerContext:
    """`lease`: how long a worker may hold a batch or a verification before another one may claim it.

    `alarm`: rings when a verification may have become due.
    `silent_per_sweep`: the maximum number of verifications without a callback that one sweep pulls.
    `pictures`: the room for answers with pictures. `picture_keeping` puts them away.
    `database_since`: since when PostgreSQL has been available without interruption, as far as this process
    knows.
    `anchors`: keep hashes of the audit's blocks outside the database. `checkpoints`: whether all live
    processes know events of the type `audit.checkpoint`.
    `unkept`: the verifications with an answer that is still only in this process's memory.
    `reached` is called at every point at which the fault suite may kill the process. `jitter` returns a
    random number from 0 to 1; `sleep` waits for a number of seconds.
    """

    apps: Mapping[str, App]
    policies: Policies
    announcer: Announcer
    inbox: Inbox
    alarm: Alarm
    recorder: Recorder
    ledger: Ledger
    decisions: Decisions
    due: DueVerifications
    held: HeldVerifications
    owners: Owners
    leftovers: LeftVerifications
    return_hints: ReturnedVerifications
    second_looks: SecondLooks
    events: EventUpkeep
    cases: CaseUpkeep
    audit: AuditBlocks
    people: PeopleUpkeep
    numbers: NumberUpkeep
    velocity: NumberVelocity
    dead_letters: DeadLetters
    vendor: Vendor
    gates: VendorGates
    pictures: PictureRoom
    pull_rules: PullRules
    lease: timedelta
    clock: Callable[[], datetime]
    reconcile_rules: ReconcileRules = RECONCILE_RULES
    silent_per_sweep: int = 200
    events_kept: timedelta = timedelta(days=30)
    erasures: BegunErasures | None = None
    retention: RetentionRuns | None = None
    picture_keeping: PictureKeeping | None = None
    picture_sweep: PictureSweep | None = None
    anchors: Sequence[Anchor] = ()
    checkpoints: Callable[[], bool] = lambda: False
    database_silence: Callable[[], float] = lambda: 0.0
    reached: Callable[[CrashPoint | PicturePoint], None] = field(default=_go_on)
    database_since: Callable[[], datetime] = lambda: ALWAYS
    worker_stats: WorkerStats = field(default_factory=WorkerStats)
    unkept: set[UUID] = field(default_factory=set)
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def status(self) -> dict[str, object]:
        """The worker's figures for its heartbeat."""
        ways = {"circuits": self.gates.circuits(), "refusals": self.gates.refusals()}
        state = {"database_seconds": self.database_silence(), "policies": self.policies.marks()}
        return self.worker_stats.status() | ways | state
