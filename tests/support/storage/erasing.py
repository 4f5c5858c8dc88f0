"""A store whose verifications can be erased, with a ledger in memory."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.keys.epochs import Epochs
from adapters.keys.folder import FolderKeys
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.log import PgAuditLog
from adapters.store.identity.applied import PgApplied
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.holds import PgHolds
from adapters.store.identity.places import PgPlaces
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.identity.erasure import ErasureCause, Receipt
from domain.identity.keys.epochs import Erased
from domain.people.actor import Actor
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import NOW, Clock, Store, biz_id
from usecases.identity.erase import ErasureDesk, apply_ledger

ACTOR = Actor.command("root")
LATER = NOW + timedelta(hours=1)


class Erasing(Store):
    """`kept`: the key store, except for the ledger if `folder` has that. `desk`: what erases."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: KeyRing,
        folder: FolderKeys | None = None,
        *,
        sharing: dict[str, Sequence[str]] | None = None,
    ) -> None:
        self.kept = MemoryKeys()
        super().__init__(engine, keys, data_keys=DataKeys(keys, Epochs(self.kept, keys, clock=Clock())))
        self.erasures = PgErasures(engine, keys=self.data_keys, ring=keys)
        self.applied = PgApplied(engine)
        self.holds = PgHolds(engine)
        self.audit = PgAuditLog(engine)
        self.places = PgPlaces(engine)
        shared = sharing or {}
        self.desk = ErasureDesk(
            self.erasures,
            self.holds,
            self.places,
            ledger=folder or self.kept,
            clock=Clock(LATER),
            sharing=lambda app_id: shared.get(app_id, [app_id]),
        )

    async def erase(self, n: int = 1, *, app_id: str = "demo") -> Receipt:
        """Erase verification `n`."""
        return await self.desk.erase(app_id, biz_id(n), actor=ACTOR, reason="asked to")

    async def begin(self, n: int = 1) -> None:
        """Begin the erasure of verification `n`, as a process that dies before the ledger has it."""
        audit = AuditRow.by(ACTOR, Action.ERASED, reason="asked to")
        because = ErasureCause.REQUEST
        begun = await self.erasures.begin(
            "demo", biz_id(n), beside=[], at=LATER, because=because, audit=audit
        )
        assert begun is None

    async def missing(self) -> list[Erased]:
        """What the ledger has and the database does not."""
        return await self.applied.missing(self.kept, erased=(await self.kept.state()).erased)

    async def apply(self) -> int:
        """Apply the ledger to the database."""
        return await apply_ledger(
            self.kept, self.applied, self.erasures, self.audit, clock=Clock(LATER), actor=ACTOR
        )
