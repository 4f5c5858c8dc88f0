"""Connect a command to the servers of a running gateway; only this module builds adapters for commands.

Each part is imported at first use: a health check runs often, and needs no database.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from adapters.logs.logs import silent_logs
from adapters.processes.process import ProcessContext
from cli.connection.epoch_keys import EpochKeys
from cli.connection.identity import IdentityParts
from cli.connection.whereabouts import Servers
from domain.events.webhooks.delivery import Attempt
from domain.people.actor import Actor
from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.people.change_roles import PeopleDesk
from usecases.people.invite import Invitations
from usecases.people.personal_tokens import PersonalTokenDesk
from usecases.requests.retry_dead_letters import DeadLetterRetries

if TYPE_CHECKING:
    from adapters.intake.queue import JobQueue
    from adapters.processes.heartbeats import Heartbeats
    from adapters.store.audit.blocks import PgAuditBlocks
    from adapters.store.audit.export import PgAuditExport
    from adapters.store.audit.log import PgAuditLog
    from adapters.store.dead_letters import PgDeadLetters
    from adapters.store.decisions.stored_decisions import PgStoredDecisions
    from adapters.store.events.reader import PgEvents
    from adapters.store.people.api_tokens import PgTokens
    from adapters.store.schedule.open_verifications import PgOpenVerifications
    from adapters.store.webhooks.delivery_desk import PgDeliveryDesk

_REDIS_TIMEOUT: Final = timedelta(seconds=5)


class AuditParts(NamedTuple):
    """The audit: its rows, its blocks, and its export."""

    log: "PgAuditLog"
    blocks: "PgAuditBlocks"
    export: "PgAuditExport"


class Gateway:
    """The stores and queues of a running gateway."""

    def __init__(self, process: ProcessContext, servers: Servers) -> None:
        self._process = process
        self._servers = servers

    def dead_letters(self) -> "PgDeadLetters":
        """The dead letters."""
        from adapters.store.dead_letters import PgDeadLetters  # noqa: PLC0415 - at first use

        return PgDeadLetters(self._process.engine, keys=self._process.data_keys)

    def retries(self) -> DeadLetterRetries:
        """Retries of dead letters."""
        from adapters.intake.inbox import RedisInbox  # noqa: PLC0415 - as above

        process = self._process
        return DeadLetterRetries(
            self.dead_letters(),
            inbox=RedisInbox(process.redis, keys=process.keys, names=process.names),
            memory_rules=self._servers.memory_rules,
            clock=lambda: datetime.now(UTC),
        )

    def audit(self) -> "AuditParts":
        """The audit."""
        from adapters.store.audit.blocks import PgAuditBlocks  # noqa: PLC0415 - at first use
        from adapters.store.audit.export import PgAuditExport  # noqa: PLC0415 - as above
        from adapters.store.audit.log import PgAuditLog  # noqa: PLC0415 - as above

        engine = self._process.engine
        return AuditParts(PgAuditLog(engine), PgAuditBlocks(engine), PgAuditExport(engine))

    def events(self) -> "PgEvents":
        """The event log."""
        from adapters.store.events.reader import PgEvents  # noqa: PLC0415 - at first use

        return PgEvents(self._process.engine)

    def stored_decisions(self) -> "PgStoredDecisions":
        """The decisions."""
        from adapters.store.decisions.stored_decisions import PgStoredDecisions  # noqa: PLC0415 - as above

        return PgStoredDecisions(self._process.engine)

    def open_verifications(self) -> "PgOpenVerifications":
        """The registered verifications without a callback."""
        from adapters.store.schedule.open_verifications import PgOpenVerifications  # noqa: PLC0415 - as above

        return PgOpenVerifications(self._process.engine)

    def looks(self) -> "JobQueue":
        """The workers' queue."""
        from adapters.intake.queue import JobQueue  # noqa: PLC0415 - as above

        return JobQueue(self._process.queue, names=self._process.names)

    def tokens(self) -> "PgTokens":
        """The api's bearer tokens."""
        from adapters.store.people.api_tokens import PgTokens  # noqa: PLC0415 - as above

        return PgTokens(self._process.engine)

    def people(self) -> PeopleDesk:
        """The persons."""
        from adapters.store.people.persons import PgPersons  # noqa: PLC0415 - as above
        from adapters.store.people.sessions import PgSessions  # noqa: PLC0415 - as above

        return PeopleDesk(PgPersons(self._process.engine), PgSessions(self._process.engine))

    def invitations(self) -> Invitations:
        """One-time links."""
        from adapters.sealing.random_secrets import new_secret  # noqa: PLC0415 - as above
        from adapters.store.people.links import PgLinks  # noqa: PLC0415 - as above
        from adapters.store.people.persons import PgPersons  # noqa: PLC0415 - as above
        from adapters.store.people.proofs import PgProofs  # noqa: PLC0415 - as above

        engine = self._process.engine
        return Invitations(
            PgPersons(engine),
            PgLinks(engine),
            PgProofs(engine, keys=self._process.keys),
            new_secret=new_secret,
            clock=lambda: datetime.now(UTC),
            with_passwords=self._servers.with_passwords,
        )

    def personal_tokens(self) -> PersonalTokenDesk:
        """The personal tokens."""
        from adapters.store.people.personal_tokens import PgPersonalTokens  # noqa: PLC0415 - as above

        return PersonalTokenDesk(PgPersonalTokens(self._process.engine), clock=lambda: datetime.now(UTC))

    def endpoints(self) -> EndpointDesk:
        """The webhook endpoints."""
        from adapters.outbound.webhooks.new_secrets import RandomSecrets  # noqa: PLC0415 - as above
        from adapters.outbound.webhooks.ways import CheckedWays  # noqa: PLC0415 - as above
        from adapters.store.webhooks.endpoints import PgEndpoints  # noqa: PLC0415 - as above

        rules = self._servers.webhooks
        return EndpointDesk(
            PgEndpoints(self._process.engine, keys=self._process.keys),
            ways=CheckedWays(allowed=rules.allowed, has_proxy=rules.proxy is not None),
            secrets=RandomSecrets(),
            limit=rules.limit,
            clock=lambda: datetime.now(UTC),
        )

    def deliveries(self) -> "PgDeliveryDesk":
        """Deliveries of webhooks."""
        from adapters.store.webhooks.delivery_desk import PgDeliveryDesk  # noqa: PLC0415 - as above

        return PgDeliveryDesk(self._process.engine)

    def redeliveries(self) -> Redeliveries:
        """Deliveries that are started again."""
        from adapters.store.webhooks.endpoints import PgEndpoints  # noqa: PLC0415 - as above

        endpoints = PgEndpoints(self._process.engine, keys=self._process.keys)
        return Redeliveries(self.deliveries(), endpoints, clock=lambda: datetime.now(UTC))

    async def try_endpoint(self, endpoint_id: UUID, *, actor: Actor) -> Attempt:
        """Send a test event to an endpoint."""
        from adapters.outbound.webhooks.sender import WebhookSender  # noqa: PLC0415 - as above
        from adapters.outbound.webhooks.signing_keys import open_key  # noqa: PLC0415 - as above
        from adapters.store.webhooks.endpoints import PgEndpoints  # noqa: PLC0415 - as above

        rules = self._servers.webhooks
        endpoints = PgEndpoints(self._process.engine, keys=self._process.keys)
        async with WebhookSender(allowed=rules.allowed, proxy=rules.proxy) as sender:
            trials = EndpointTrials(
                endpoints, sender, self.audit().log, open_key=open_key, clock=lambda: datetime.now(UTC)
            )
            return await trials.send(endpoint_id, None, actor=actor)

    @property
    def identity(self) -> IdentityParts:
        """What erases, holds and indexes identity."""
        return IdentityParts(self._process, self._servers, self.audit().log)

    @property
    def keys(self) -> EpochKeys:
        """The epoch keys, and what wraps stored keys again."""
        return EpochKeys(self._process)

    def processes(self) -> "Heartbeats":
        """The live processes."""
        from adapters.processes.heartbeats import Heartbeats  # noqa: PLC0415 - as above

        return Heartbeats(self._process.redis, names=self._process.names)


@asynccontextmanager
async def connected(servers: Servers, *, silent: bool = False) -> AsyncIterator[Gateway]:
    """The gateway on these servers; the connections close at the end of the block. `silent`: log nothing."""
    process = ProcessContext(
        redis_url=servers.redis_url,
        database_url=servers.database_url,
        master_keys=servers.master_keys,
        names=servers.names,
        timeout=_REDIS_TIMEOUT,
        key_place=servers.key_place,
    )
    with silent_logs() if silent else nullcontext():
        async with process:
            yield Gateway(process, servers)
