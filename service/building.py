"""Build from adapters what the api and the console both have; their `main` modules put it together."""

from functools import partial
from typing import NamedTuple

from adapters.intake.figures import RedisFigures
from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue
from adapters.outbound.vendor.accounts import open_accounts
from adapters.outbound.webhooks.new_secrets import RandomSecrets
from adapters.outbound.webhooks.sender import WebhookSender
from adapters.outbound.webhooks.signing_keys import open_key
from adapters.outbound.webhooks.ways import CheckedWays
from adapters.postgres.schema import PgDatabase
from adapters.processes.heartbeats import Heartbeats
from adapters.processes.process import ProcessContext
from adapters.processes.troubles import trouble_of
from adapters.sealing.blind_index import BlindIndex
from adapters.settings.settings import Settings
from adapters.store.audit.log import PgAuditLog
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.places import PgPlaces
from adapters.store.identity.reads import PgIdentityReads
from adapters.store.webhooks.delivery_desk import PgDeliveryDesk
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.events.webhooks.addresses import parse_allowed
from domain.pulls.accounts import sharing
from service.parts import Letters, Webhooks
from service.readiness import Readiness
from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.identity.erase import ErasureDesk
from usecases.identity.read import IdentityDesk
from usecases.requests.retry_dead_letters import DeadLetterRetries


class Intake(NamedTuple):
    """What waits in Redis."""

    inbox: RedisInbox
    queue: JobQueue
    figures: RedisFigures


def build_intake(settings: Settings, process: ProcessContext) -> Intake:
    """What reads and fills the inbox and the workers' queue."""
    redis, names = process.redis, process.names
    inbox, queue = RedisInbox(redis, keys=process.keys, names=names), JobQueue(process.queue, names=names)
    figures = RedisFigures(
        redis,
        inbox=inbox,
        queue=queue,
        durability=settings.durability,
        memory_rules=settings.memory_rules(),
        names=names,
    )
    return Intake(inbox, queue, figures)


def build_readiness(process: ProcessContext, figures: RedisFigures, heartbeats: Heartbeats) -> Readiness:
    """What tells whether the servers answer."""
    return Readiness(figures, PgDatabase(process.engine), heartbeats, explain=trouble_of)


def build_letters(settings: Settings, process: ProcessContext, inbox: RedisInbox) -> Letters:
    """What shows dead letters and tries them again."""
    letters, rules = PgDeadLetters(process.engine, keys=process.data_keys), settings.memory_rules()
    return Letters(letters, DeadLetterRetries(letters, inbox=inbox, memory_rules=rules, clock=process.clock))


def build_sender(settings: Settings) -> WebhookSender:
    """What sends a webhook to the addresses that the settings allow."""
    return WebhookSender(allowed=parse_allowed(settings.webhook_allow), proxy=settings.webhook_proxy)


def build_webhooks(settings: Settings, process: ProcessContext, sender: WebhookSender) -> Webhooks:
    """What manages endpoints and deliveries."""
    engine, clock = process.engine, process.clock
    receivers, deliveries = PgEndpoints(engine, keys=process.keys), PgDeliveryDesk(engine)
    allowed, has_proxy = parse_allowed(settings.webhook_allow), settings.webhook_proxy is not None
    return Webhooks(
        endpoints=EndpointDesk(
            receivers,
            ways=CheckedWays(allowed=allowed, has_proxy=has_proxy),
            secrets=RandomSecrets(),
            limit=settings.webhook_endpoints,
            clock=clock,
        ),
        deliveries=deliveries,
        redeliveries=Redeliveries(deliveries, receivers, clock=clock),
        trials=EndpointTrials(receivers, sender, PgAuditLog(engine), open_key=open_key, clock=clock),
    )


def build_erasures(settings: Settings, process: ProcessContext) -> ErasureDesk:
    """What erases and holds verifications."""
    return ErasureDesk(
        PgErasures(process.engine, keys=process.data_keys, ring=process.keys),
        PgHolds(process.engine),
        PgPlaces(process.engine),
        ledger=process.key_store,
        clock=process.clock,
        sharing=partial(sharing, open_accounts(settings.domain_apps())),
    )


def build_identity(settings: Settings, process: ProcessContext) -> IdentityDesk:
    """What shows identity."""
    index = BlindIndex(process.keys)
    reads = PgIdentityReads(process.engine, keys=process.data_keys, index=index, pieces=process.pictures)
    return IdentityDesk(reads, limit=settings.identity_reads_a_day)
