"""What commands erase, hold and index of identity in a running gateway.

Each part is imported at first use: a health check runs often, and needs no database.
"""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from adapters.processes.process import ProcessContext
from cli.connection.actor import command_actor
from cli.connection.whereabouts import Servers
from domain.identity.erasure import Receipt
from domain.identity.errors import NoKeyStore
from domain.identity.retention import EVERY_APP
from domain.people.actor import Actor
from domain.pulls.accounts import sharing
from usecases.identity.erase import ErasureDesk, apply_ledger
from usecases.identity.erase_person import PersonErasure
from usecases.identity.read import IdentityDesk
from usecases.identity.retain import RetentionRun

if TYPE_CHECKING:
    from adapters.intake.waiting import WaitingCallbacks
    from adapters.store.audit.log import PgAuditLog


class IdentityParts:
    """The parts of a running gateway that are about identity."""

    def __init__(self, process: ProcessContext, servers: Servers, log: "PgAuditLog") -> None:
        self._process = process
        self._servers = servers
        self._log = log

    def erasures(self) -> ErasureDesk:
        """What erases verifications."""
        from adapters.store.identity.erasure import PgErasures  # noqa: PLC0415 - as above
        from adapters.store.identity.holds import PgHolds  # noqa: PLC0415 - as above
        from adapters.store.identity.places import PgPlaces  # noqa: PLC0415 - as above

        process = self._process
        return ErasureDesk(
            PgErasures(process.engine, keys=process.data_keys, ring=process.keys),
            PgHolds(process.engine),
            PgPlaces(process.engine),
            ledger=process.key_store,
            clock=lambda: datetime.now(UTC),
            sharing=partial(sharing, self._servers.accounts),
        )

    def person_erasure(self) -> PersonErasure:
        """What erases all verifications of one ID number."""
        from adapters.sealing.blind_index import BlindIndex  # noqa: PLC0415 - as above
        from adapters.store.identity.erased_persons import ErasedPersons  # noqa: PLC0415 - as above
        from adapters.store.identity.reads import PgIdentityReads  # noqa: PLC0415 - as above

        process, index = self._process, BlindIndex(self._process.keys)
        reads = PgIdentityReads(process.engine, keys=process.data_keys, index=index)
        identity = IdentityDesk(reads, limit=self._servers.identity_reads)
        return PersonErasure(identity, self.erasures(), ErasedPersons(process.engine, process.keys))

    def waiting(self) -> "WaitingCallbacks":
        """What counts callbacks of a verification that are not recorded yet."""
        from adapters.intake.waiting import WaitingCallbacks  # noqa: PLC0415 - as above
        from adapters.store.dead_letters import verification_named  # noqa: PLC0415 - as above

        return WaitingCallbacks(
            self._process.redis,
            keys=self._process.keys,
            named=verification_named,
            spool=self._servers.spool,
            names=self._process.names,
        )

    async def index_again(self) -> int:
        """Hash the ID numbers under an older master key again; how many. Raises ServerAway."""
        from adapters.sealing.blind_index import BlindIndex  # noqa: PLC0415 - as above
        from adapters.store.identity.numbers.index import PgNumbers  # noqa: PLC0415 - as above

        process, count = self._process, 0
        numbers = PgNumbers(process.engine, keys=process.data_keys, index=BlindIndex(process.keys))
        apps = [app_id for app_id in self._servers.retentions if app_id != EVERY_APP]
        while some := await numbers.index_again(apps, limit=500):
            count += some
        return count

    def retention(self) -> RetentionRun:
        """What erases by age."""
        from adapters.keys.data_keys import prefix_of  # noqa: PLC0415 - as above
        from adapters.store.identity.retention import PgRetention  # noqa: PLC0415 - as above

        return RetentionRun(
            PgRetention(self._process.engine),
            self._servers.retentions,
            keys=self._process.key_store,
            audit=self._log,
            actor=command_actor(),
            clock=lambda: datetime.now(UTC),
            prefix_of=prefix_of,
        )

    async def apply_erasures(self, *, actor: Actor) -> int:
        """Apply the erasure ledger to a restored database; the number of entries that it lacked."""
        from adapters.store.identity.applied import PgApplied  # noqa: PLC0415 - as above
        from adapters.store.identity.erasure import PgErasures  # noqa: PLC0415 - as above

        process = self._process
        if process.key_store is None:
            raise NoKeyStore
        store = PgErasures(process.engine, keys=process.data_keys, ring=process.keys)
        applied = PgApplied(process.engine)
        log, clock = self._log, lambda: datetime.now(UTC)
        return await apply_ledger(process.key_store, applied, store, log, clock=clock, actor=actor)

    def is_genuine(self, receipt: Receipt) -> bool:
        """Whether a configured master key has signed the receipt as it is."""
        from adapters.store.identity.receipts import is_genuine  # noqa: PLC0415 - as above

        return is_genuine(self._process.keys, receipt)
