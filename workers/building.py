"""Build from adapters what the jobs of a worker need."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from math import ceil

from adapters.intake.inbox import RedisInbox
from adapters.keys.data_keys import prefix_of
from adapters.outbound.anchors.anchors import anchors_of
from adapters.outbound.vendor.accounts import open_accounts
from adapters.outbound.vendor.get_result import MAX_ANSWER_WITH_IMAGES, POOL_SIZE, FaceidApi, create_transport
from adapters.policies.folder import PolicyBook
from adapters.processes.process import ProcessContext
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
from adapters.store.identity.numbers.index import PgNumbers
from adapters.store.identity.numbers.velocity import PgVelocity
from adapters.store.identity.pictures.pieces import PgPictures
from adapters.store.identity.places import PgPlaces
from adapters.store.identity.retention import PgRetention
from adapters.store.people.upkeep import PgPeopleUpkeep
from adapters.store.recording.held import PgHeldVerifications
from adapters.store.recording.owners import BizOwners, PgOwners
from adapters.store.recording.recorder import PgRecorder
from adapters.store.reviews.store import PgReviews
from adapters.store.schedule.due import PgDueVerifications
from adapters.store.schedule.leftovers import PgLeftovers
from adapters.store.schedule.pull_ledger import PgLedger
from adapters.store.schedule.return_hints import PgReturnHints
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
