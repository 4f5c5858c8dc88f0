"""Compose the worker: the only module of the queue edge that builds adapters."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Final

import structlog
import uvloop
from arq.worker import Worker

from adapters.intake.inbox import RedisInbox
from adapters.intake.legacy_inbox import LegacyInbox
from adapters.intake.queue import deserialize_job, serialize_job
from adapters.keys.data_keys import prefix_of
from adapters.outbound.anchors.anchors import anchors_of
from adapters.outbound.vendor.accounts import open_accounts
from adapters.outbound.vendor.get_result import MAX_ANSWER_WITH_IMAGES, POOL_SIZE, FaceidApi, create_transport
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.gc_tuning import calm_garbage_collection
from adapters.processes.heartbeats import beating
from adapters.processes.keys import following_keys, keys_status
from adapters.processes.mark import RedisMark, marking, read_mark
from adapters.processes.process import ProcessContext
from adapters.processes.supervisor_link import SupervisorLink
from adapters.redis.announcements import Announcer
from adapters.sealing.blind_index import BlindIndex
from adapters.settings.settings import Settings
from adapters.store.audit.blocks import PgAuditBlocks
from adapters.store.audit.log import PgAuditLog
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.decisions.decisions import PgDecisions
from adapters.store.decisions.policy_history import verify_policies
from adapters.store.event_upkeep import PgEventUpkeep
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.numbers import PgNumbers
from adapters.store.identity.pictures import PgPictures
from adapters.store.identity.places import PgPlaces
from adapters.store.identity.retention import PgRetention
from adapters.store.identity.velocity import PgVelocity
from adapters.store.people.upkeep import PgPeopleUpkeep
from adapters.store.recording.held import PgHeldVerifications
from adapters.store.recording.owners import BizOwners, PgOwners
from adapters.store.recording.recorder import PgRecorder
from adapters.store.reviews.store import PgReviews
from adapters.store.schedule.due import PgDueVerifications
from adapters.store.schedule.leftovers import PgLeftovers
from adapters.store.schedule.pull_ledger import PgLedger
from adapters.store.schedule.return_hints import PgReturnHints
from adapters.tasks.background import end_tasks, in_background
from domain.people.actor import Actor
from domain.pulls.accounts import sharing
from usecases.context import WorkerContext
from usecases.identity.erase import ErasureDesk
from usecases.identity.retain import RetentionRun
from usecases.pictures.keep import PictureKeeping
from usecases.pictures.sweep import PictureSweep
from usecases.process.alarm import Alarm
from usecases.process.crash_points import crash_point_wanted, deadly
from usecases.process.picture_room import ROOM, PictureRoom
from usecases.process.vendor_gates import VendorGates
from workers.advancing import Advancing
from workers.delivering import Delivering
from workers.jobs import JOB_TIMEOUT, Loops, crons, functions, wake_after_job
from workers.loop import run_workers, until_signal
from workers.recording import Recording
from workers.sender import running_delivery

POLL_DELAY: Final = 0.02
MAX_JOBS: Final = 20
_LAST_MOMENT: Final = 1.0
_REDIS_TIMEOUT: Final = timedelta(seconds=5)
NEVER: Final = 2**31
"""arq deletes a job after `max_tries` starts; here our own counts decide instead."""

log = structlog.get_logger(__name__)


def run(settings: Settings, *, supervisor: SupervisorLink | None = None) -> None:
    """Process jobs until a signal, or until the supervisor has another process for its place."""
    calm_garbage_collection()
    uvloop.run(_run(settings, supervisor))


async def _run(settings: Settings, supervisor: SupervisorLink | None) -> None:
    process = ProcessContext.of(settings, timeout=_REDIS_TIMEOUT)
    mark = RedisMark(process.redis, await read_mark(settings), names=process.names)
    does = _record if "record" in settings.roles else _deliver
    async with process, marking(mark):
        await does(settings, process, supervisor)


async def _record(settings: Settings, process: ProcessContext, supervisor: SupervisorLink | None) -> None:
    """Record and decide until a signal; deliver as well, unless another process does."""
    delivers = "deliver" in settings.roles
    async with (
        following_clock(process),
        following_keys(process, every=timedelta(seconds=settings.heartbeat_every)),
        worker_context(settings, process) as context,
        following_reloads(context, process),
        running_delivery(settings, process) if delivers else nullcontext() as delivering,
    ):
        log.info("worker.started", role="worker")
        # A call under way takes at most pull_timeout; its answer must reach the ledger.
        grace = settings.pull_timeout + 5
        async with (
            _beating(
                settings, process, lambda: context.status() | _status_of(delivering) | keys_status(process)
            ),
            running_loops(settings, context, grace=grace) as loops,
        ):
            if delivering is not None:
                delivering.give_way(while_=lambda: loops.recording.is_behind)

            def stop() -> None:
                stop_loops(context, loops)
                if delivering is not None:
                    delivering.stop()

            if supervisor is not None:
                supervisor.tell_ready()
            await run_workers(lambda: fresh_worker(settings, context, loops), grace=grace, on_stop=stop)


async def _deliver(settings: Settings, process: ProcessContext, supervisor: SupervisorLink | None) -> None:
    """Only deliver, until a signal: this process takes no job of arq's."""
    async with (
        following_clock(process),
        running_delivery(settings, process) as delivering,
        _beating(settings, process, lambda: _status_of(delivering)),
    ):
        log.info("worker.started", role="worker")
        if supervisor is not None:
            supervisor.tell_ready()
        await until_signal(delivering.stop)


def _beating(
    settings: Settings, process: ProcessContext, status: Callable[[], Mapping[str, object]]
) -> AbstractAsyncContextManager[str]:
    every = timedelta(seconds=settings.heartbeat_every)
    return beating(
        process.redis,
        "worker",
        every=every,
        status=status,
        names=process.names,
        opens_epochs=process.has_key_store,
    )


def _status_of(delivering: Delivering | None) -> dict[str, object]:
    return {} if delivering is None else delivering.status()


@asynccontextmanager
async def following_clock(process: ProcessContext) -> AsyncIterator[None]:
    """PostgreSQL's clock is followed during the block."""
    async with in_background(process.clock.follow()):
        # Read it before anything uses it: this machine's own clock may be wrong by a day.
        await process.clock.try_to_look()
        yield


def stop_loops(context: WorkerContext, loops: Loops) -> None:
    """Start nothing more, including calls; work under way continues."""
    context.gates.stop()
    loops.recording.stop()
    loops.advancing.stop()


@asynccontextmanager
async def running_loops(settings: Settings, context: WorkerContext, *, grace: float) -> AsyncIterator[Loops]:
    """Run recording and advancing during the block; at its end, work under way has `grace` seconds to
    finish.
    """
    look_every = timedelta(seconds=settings.sweep_every)
    advancing = Advancing(context, at_once=settings.settle_at_once, look_every=look_every)
    recording = Recording(context, advancing)
    loops = Loops(recording, advancing)
    looking, taking = asyncio.create_task(advancing.run()), asyncio.create_task(recording.run())
    try:
        yield loops
    finally:
        stop_loops(context, loops)
        # All share the same seconds: a supervisor waits 40 in total before it kills this process.
        await asyncio.gather(asyncio.wait({looking, taking}, timeout=grace), advancing.end(grace=grace))
        await end_tasks(looking, taking)
        # What the last group, or the last look, was about.
        await advancing.end(grace=0)
        # Calls whose caller was cancelled: they have had their time beside the others.
        await context.gates.finish(within=_LAST_MOMENT)
        for verification_id in context.unkept:
            log.error("pull.lost", verification_id=str(verification_id))


@asynccontextmanager
async def following_reloads(context: WorkerContext, process: ProcessContext) -> AsyncIterator[None]:
    """Reload the policies on SIGHUP and on request, during the block."""
    reloads = PolicyReloads(process.redis, context.policies, names=process.names)
    reloads.reload_on_signal()
    async with in_background(reloads.listen()):
        yield


@asynccontextmanager
async def worker_context(settings: Settings, process: ProcessContext) -> AsyncIterator[WorkerContext]:
    """The jobs' context on real adapters; closes what it opened."""
    keys, engine, clock = process.data_keys, process.engine, process.clock
    lease = timedelta(seconds=settings.sweep_after)
    apps = settings.domain_apps()
    accounts = open_accounts(apps)
    owners = BizOwners(accounts)
    faceid = FaceidApi(create_transport(), timeout=timedelta(seconds=settings.pull_timeout))
    inbox = RedisInbox(process.redis, keys=process.keys, names=process.names)
    due = PgDueVerifications(engine, keys=keys, owners=owners)
    policies = PolicyBook.open(settings.policy_dir, needed=settings.needed_policies())
    readers = process.readers
    index, rows = BlindIndex(process.keys), PgPictures(engine)
    anchors = anchors_of(file=settings.audit_anchor_file, tsa_url=settings.audit_tsa_url, engine=engine)
    try:
        await verify_policies(engine, policies)
        yield WorkerContext(
            apps=apps,
            policies=policies,
            announcer=Announcer(process.redis, names=process.names),
            inbox=inbox,
            alarm=Alarm(clock),
            recorder=PgRecorder(
                engine, keys=keys, lease=lease, owners=owners, compresses=readers.all_open_compressed
            ),
            ledger=PgLedger(engine, compresses=readers.all_open_compressed),
            decisions=PgDecisions(engine, index=index),
            due=due,
            held=PgHeldVerifications(engine),
            owners=PgOwners(engine),
            leftovers=PgLeftovers(engine),
            events=PgEventUpkeep(engine),
            cases=PgReviews(engine, keys=keys),
            audit=PgAuditBlocks(engine),
            people=PgPeopleUpkeep(engine),
            numbers=PgNumbers(engine, keys=keys, index=index),
            velocity=PgVelocity(engine, index=index),
            anchors=anchors,
            checkpoints=readers.all_know_checkpoints,
            erasures=ErasureDesk(
                PgErasures(engine, keys=keys, ring=process.keys),
                PgHolds(engine),
                PgPlaces(engine),
                ledger=process.key_store,
                clock=clock,
                sharing=partial(sharing, accounts),
            ),
            retention=RetentionRun(
                PgRetention(engine),
                settings.retentions(),
                keys=process.key_store,
                audit=PgAuditLog(engine),
                actor=Actor.gateway("worker"),
                clock=clock,
                prefix_of=prefix_of,
            ),
            picture_keeping=PictureKeeping(process.pictures, rows, clock=clock),
            picture_sweep=PictureSweep(rows, process.pictures, clock=clock),
            events_kept=timedelta(days=settings.events_kept),
            return_hints=PgReturnHints(engine),
            second_looks=due,
            dead_letters=PgDeadLetters(engine, keys=keys),
            vendor=faceid,
            gates=VendorGates(in_flight=settings.pulls_in_flight, monotonic=time.monotonic, pool=POOL_SIZE),
            pictures=PictureRoom(at_once=ROOM // MAX_ANSWER_WITH_IMAGES),
            pull_rules=settings.pull_rules(),
            lease=lease,
            clock=clock,
            database_silence=clock.silence,
            database_since=clock.answers_since,
            reconcile_rules=settings.reconcile_rules(),
            silent_per_sweep=ceil(settings.reconcile_rate * settings.sweep_every),
            reached=deadly(crash_point_wanted()),
        )
    finally:
        await faceid.aclose()


@asynccontextmanager
async def fresh_worker(settings: Settings, context: WorkerContext, loops: Loops) -> AsyncIterator[Worker]:
    """An arq worker with its own connections, which close with it.

    A cancellation during a pipeline's clean-up loses the connection from the pool forever, and arq's workers
    are cancelled whenever Redis fails.
    """
    async with ProcessContext.of(settings, timeout=_REDIS_TIMEOUT) as process:
        # Do the work whose wake-ups were lost while Redis was away.
        loops.recording.wake()
        yield create_worker(settings, process, context, loops)


def create_worker(
    settings: Settings, process: ProcessContext, context: WorkerContext, loops: Loops
) -> Worker:
    """An arq worker with safer defaults; docs/decisions explains each change."""
    names = process.names
    legacy = LegacyInbox(process.redis, keys=process.keys, names=names)
    return Worker(
        queue_name=names.queue,
        functions=functions(context, loops),
        cron_jobs=crons(context, loops, every=settings.sweep_every, names=names, adopt=legacy.adopt),
        after_job_end=lambda _ctx: wake_after_job(loops),
        redis_pool=process.queue,
        handle_signals=False,
        max_jobs=MAX_JOBS,
        job_timeout=JOB_TIMEOUT,
        keep_result=0,
        log_results=False,
        max_tries=NEVER,
        poll_delay=POLL_DELAY,
        job_serializer=serialize_job,
        job_deserializer=deserialize_job,
    )
