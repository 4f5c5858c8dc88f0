"""The api's context on real servers, with its adapters by their own types."""

import socket
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

from aiohttp.abc import AbstractResolver, ResolveResult
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

from adapters.intake.figures import RedisFigures
from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue, create_queue
from adapters.outbound.webhooks.new_secrets import RandomSecrets
from adapters.outbound.webhooks.signing_keys import open_key
from adapters.outbound.webhooks.ways import CheckedWays
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.postgres.schema import PgDatabase
from adapters.processes.heartbeats import Heartbeats
from adapters.processes.troubles import trouble_of
from adapters.redis.announcements import Announcements
from adapters.redis.call_rates import CallRates
from adapters.redis.durability import Durability
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.log import PgAuditLog
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.events.reader import PgEvents
from adapters.store.identity.erased_persons import ErasedPersons
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.numbers.counts import PgNumberCounts
from adapters.store.identity.overdue import PgOverdue
from adapters.store.identity.places import PgPlaces
from adapters.store.identity.reads import PgIdentityReads
from adapters.store.lookups.close_ups import PgCloseUps
from adapters.store.lookups.figures import PgFigures
from adapters.store.people.api_tokens import PgTokens
from adapters.store.reviews.store import PgReviews
from adapters.store.webhooks.delivery_desk import PgDeliveryDesk
from domain.limits.memory_room import MEMORY_RULES
from service.api.access.door import Door
from service.api.context import ApiContext
from service.api.events.feed import Feed
from service.api.metrics.page import MetricsPage
from service.readiness import Readiness
from tests.support.http.vendors import API_APPS, issuer_at
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.memory.identity.pictures import MemoryPictures
from tests.support.storage.stores import NOW, Clock, Store
from tests.support.webhooks.hooks import Receiver
from usecases.audit.denials import Denials
from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.identity.erase import ErasureDesk
from usecases.identity.erase_person import PersonErasure
from usecases.identity.export import PersonExport
from usecases.identity.read import IdentityDesk
from usecases.identity.retain import overdue_of
from usecases.ports.access import Tokens
from usecases.requests.retry_dead_letters import DeadLetterRetries
from usecases.reviews.desk import ReviewDesk

APP_IDS = ("demo", "other")
LATER = NOW + timedelta(days=1)
ENDPOINTS = 3
"""The most endpoints of an app."""


IDENTITY_READS: Final = 5
"""Reads of one actor in a day."""


class PublicNames(AbstractResolver):
    """DNS: names under `.example` are public, those under `.internal` private, and no others exist."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = {"example": "93.184.216.34", "internal": "10.0.0.1"}.get(host.rpartition(".")[2])
        if address is None:
            raise OSError("no such name")
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, kw_only=True)
class RealApi(ApiContext):
    """The context of an api on real servers, and what tests reach behind it."""

    redis: Redis
    engine: AsyncEngine
    inbox: RedisInbox
    tokens: PgTokens
    heartbeats: Heartbeats
    announcements: Announcements
    reloads: PolicyReloads
    looks: JobQueue
    receiver: Receiver
    kept: MemoryKeys
    pictures: MemoryPictures


def real_api(
    pool: BlockingConnectionPool,
    engine: AsyncEngine,
    keys: KeyRing,
    *,
    policies: PolicyBook,
    clock: Clock,
    vendor: ASGIApp,
) -> RealApi:
    """An api on these servers; its apps are `demo` and `other`."""
    receiver, kept = Receiver(clock), MemoryKeys()
    redis, store, events = Redis(connection_pool=pool), Store(engine, keys), PgEvents(engine)
    inbox, tokens, heartbeats = RedisInbox(redis, keys=keys), PgTokens(engine), Heartbeats(redis)
    reads = PgIdentityReads(engine, keys=store.data_keys, index=BlindIndex(keys), pieces=store.pictures)
    identities = IdentityDesk(reads, limit=IDENTITY_READS)
    erasures = ErasureDesk(
        PgErasures(engine, keys=store.data_keys, ring=keys),
        PgHolds(engine),
        PgPlaces(engine),
        ledger=kept,
        clock=clock,
    )
    return RealApi(
        app_ids=APP_IDS,
        apps=API_APPS,
        issuer=issuer_at(vendor),
        registrations=store.registrations,
        pull_requests=store.pull_requests,
        lookups=store.lookups,
        identity=identities,
        numbers=PgNumberCounts(engine, index=BlindIndex(keys)),
        export=PersonExport(
            identities,
            lookups=store.lookups,
            stored=PgStoredDecisions(engine),
            close_ups=PgCloseUps(engine),
        ),
        audit=PgAuditLog(engine),
        denials=Denials(PgAuditLog(engine), monotonic=time.monotonic),
        dead_letters=store.dead_letters,
        retries=DeadLetterRetries(
            store.dead_letters, inbox=inbox, memory_rules=MEMORY_RULES, clock=lambda: LATER
        ),
        endpoints=EndpointDesk(
            store.endpoints,
            ways=CheckedWays(resolver=PublicNames()),
            secrets=RandomSecrets(),
            limit=ENDPOINTS,
            clock=clock,
        ),
        deliveries=PgDeliveryDesk(engine),
        erasures=erasures,
        person_erasure=PersonErasure(identities, erasures, ErasedPersons(engine, keys)),
        kept=kept,
        reviews=ReviewDesk(PgReviews(engine, keys=store.data_keys), clock=clock),
        redeliveries=Redeliveries(PgDeliveryDesk(engine), store.endpoints, clock=clock),
        trials=EndpointTrials(store.endpoints, receiver, PgAuditLog(engine), open_key=open_key, clock=clock),
        receiver=receiver,
        stored=PgStoredDecisions(engine),
        shadows=PgShadows(engine),
        door=door_of(tokens),
        readiness=readiness_of(redis, engine),
        metrics=metrics_of(redis, engine),
        looks=JobQueue(create_queue(pool)),
        announcements=Announcements(redis),
        events=events,
        feed=Feed(events),
        policies=policies,
        reloads=PolicyReloads(redis, policies),
        monotonic=time.monotonic,
        clock=clock,
        redis=redis,
        engine=engine,
        inbox=inbox,
        tokens=tokens,
        heartbeats=heartbeats,
        pictures=store.pictures,
    )


def door_of(tokens: Tokens, **parts: Any) -> Door:
    """A door with room for everybody, but for these `parts`."""
    return Door(tokens, **{"calls": CallRates(None, per_second=30), **parts})


def readiness_of(redis: Redis, engine: AsyncEngine, *, durability: Durability = "fsync") -> Readiness:
    """The readiness of an api on these servers."""
    figures = figures_of(redis, durability=durability)
    return Readiness(figures, PgDatabase(engine), Heartbeats(redis), explain=trouble_of)


def metrics_of(redis: Redis, engine: AsyncEngine, **parts: Any) -> MetricsPage:
    """The metrics of an api on these servers."""
    retentions = {app_id: app.retention for app_id, app in API_APPS.items()}
    parts.setdefault("overdue", partial(overdue_of, PgOverdue(engine), retentions, clock=lambda: NOW))
    return MetricsPage(figures_of(redis), PgFigures(engine), Heartbeats(redis), app_ids=APP_IDS, **parts)


def figures_of(redis: Redis, *, durability: Durability = "fsync") -> RedisFigures:
    """What an edge on these servers reads of Redis."""
    inbox = RedisInbox(redis, keys=KeyRing([bytes(32)]))
    queue = JobQueue(create_queue(cast(BlockingConnectionPool, redis.connection_pool)))
    return RedisFigures(redis, inbox=inbox, queue=queue, durability=durability)
