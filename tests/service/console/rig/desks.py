"""The use cases behind the pages, on real servers."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from redis.asyncio import Redis

from adapters.intake.inbox import RedisInbox
from adapters.outbound.webhooks.new_secrets import RandomSecrets
from adapters.outbound.webhooks.signing_keys import open_key
from adapters.outbound.webhooks.ways import CheckedWays
from adapters.policies.folder import SHIPPED, PolicyBook
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.log import PgAuditLog
from adapters.store.decisions.policy_history import PgPolicyHistory
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.places import PgPlaces
from adapters.store.identity.reads import PgIdentityReads
from adapters.store.people.api_tokens import PgTokens
from adapters.store.webhooks.delivery_desk import PgDeliveryDesk
from domain.limits.memory_room import MEMORY_RULES
from service.console.context import People, PolicyParts
from service.parts import Letters, Webhooks
from tests.support.http.api import PublicNames
from tests.support.http.vendors import API_APPS
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import Clock, Store
from tests.support.webhooks.hooks import Receiver
from tests.usecases.people.conftest import Office
from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.identity.erase import ErasureDesk
from usecases.identity.read import IdentityDesk
from usecases.policies.trials import PolicyTrials
from usecases.requests.retry_dead_letters import DeadLetterRetries

ENDPOINTS = 60
"""The most endpoints of an app."""


def identity_of(store: Store) -> IdentityDesk:
    """Shows identity, three times a day."""
    index = BlindIndex(store.keys)
    reads = PgIdentityReads(store.engine, keys=store.data_keys, index=index, pieces=store.pictures)
    return IdentityDesk(reads, limit=3)


def erasures_of(store: Store, clock: Clock) -> ErasureDesk:
    """Erases and holds, with a ledger in memory."""
    return ErasureDesk(
        PgErasures(store.engine, keys=store.data_keys, ring=store.keys),
        PgHolds(store.engine),
        PgPlaces(store.engine),
        ledger=MemoryKeys(),
        clock=clock,
    )


def letters_of(store: Store, redis: Redis, clock: Clock) -> Letters:
    """Dead letters, which go back into the inbox of this Redis."""
    inbox = RedisInbox(redis, keys=KeyRing([b"k" * 32]))
    retries = DeadLetterRetries(store.dead_letters, inbox=inbox, memory_rules=MEMORY_RULES, clock=clock)
    return Letters(store.dead_letters, retries)


def webhooks_of(store: Store, receiver: Receiver, clock: Clock) -> Webhooks:
    """Endpoints, whose test events `receiver` gets."""
    deliveries = PgDeliveryDesk(store.engine)
    return Webhooks(
        endpoints=EndpointDesk(
            store.endpoints,
            ways=CheckedWays(resolver=PublicNames()),
            secrets=RandomSecrets(),
            limit=ENDPOINTS,
            clock=clock,
        ),
        deliveries=deliveries,
        redeliveries=Redeliveries(deliveries, store.endpoints, clock=clock),
        trials=EndpointTrials(
            store.endpoints, receiver, PgAuditLog(store.engine), open_key=open_key, clock=clock
        ),
    )


class Setting(NamedTuple):
    """A setting that a page shows."""

    name: str
    value: str
    is_set: bool


def people_of(office: Office) -> People:
    """Persons and tokens of this office."""
    return People(office.desk, office.invitations, office.personal, PgTokens(office.engine), office.account)


def policies_of(store: Store) -> PolicyParts:
    """The policies that ship with the gateway."""
    return PolicyParts(
        book=PolicyBook.open(SHIPPED),
        history=PgPolicyHistory(store.engine),
        shadows=PgShadows(store.engine),
        trials=PolicyTrials(PgStoredDecisions(store.engine), computing=ThreadPoolExecutor(max_workers=1)),
        apps=API_APPS,
    )
