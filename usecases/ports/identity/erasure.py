"""Erasures, legal holds and retention."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.identity.erasure import ErasureCause, ErasureView, Hold, Receipt
from domain.identity.keys.epochs import Erased, KeyStoreState


class Erasures(Protocol):
    """Begins and completes erasures. Every method raises ServerAway."""

    async def begin(
        self,
        app_id: str,
        biz_id: str,
        *,
        beside: Sequence[UUID],
        at: datetime,
        because: ErasureCause,
        audit: AuditRow,
    ) -> Receipt | None:
        """Note that it and those `beside` it are to be erased; the receipt if it is. Raises
        NoSuchVerification, LegalHold.
        """

    async def apps_with_letters(self, app_ids: Sequence[str], biz_id: str) -> list[str]:
        """Those of the apps that have dead letters of it, or had them until an erasure."""

    async def begin_unasked(self, verification_ids: Sequence[UUID], *, at: datetime) -> None:
        """Note that the ledger has these, whatever the database has of them."""

    async def begun(self, *, limit: int) -> list[tuple[UUID, datetime]]:
        """Erasures that are not complete, oldest first."""

    async def complete(self, which: UUID, *, position: int, now: datetime) -> Receipt | None:
        """Erase what has begun, in one transaction."""


class BegunErasures(Protocol):
    """What a worker completes."""

    async def finish(self, *, limit: int = 100) -> int:
        """Complete interrupted erasures; how many. Raises ServerAway."""


class RetentionRuns(Protocol):
    """What erases by age."""

    async def run(self, *, budget: int) -> Sequence[object]:
        """Erase up to `budget` verifications and letters. Raises ServerAway."""


class Holds(Protocol):
    """Legal holds. Every method raises ServerAway and NoSuchVerification."""

    async def place(self, verification_id: UUID, *, reason: str, now: datetime, audit: AuditRow) -> Hold:
        """Hold it. Raises AlreadyErased."""

    async def lift(self, verification_id: UUID, *, now: datetime, audit: AuditRow) -> bool:
        """Lift the hold; False if there is none."""


class ErasedPersons(Protocol):
    """Remembers which verifications were to be erased by an ID number. Every method raises ServerAway."""

    async def note(self, app_id: str, number: str, ids: Sequence[UUID]) -> None:
        """Note that these are to be erased by this number."""

    async def receipts(self, app_id: str, number: str, *, limit: int) -> list[Receipt]:
        """The receipts of what was erased by this number, newest first."""


class Places(Protocol):
    """What each place holds. Every method raises ServerAway."""

    async def view(self, app_id: str, biz_id: str) -> ErasureView:
        """Each place with its state. Raises NoSuchVerification."""


class Ledger(Protocol):
    """The erasure ledger with the state of its store. Every method raises ServerAway."""

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts; also tries whether it can be used."""

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry and return its position; durable on return."""

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Up to `limit` entries behind a position."""


class Applied(Protocol):
    """What of the ledger a database has. Raises ServerAway."""

    async def missing(self, ledger: Ledger, *, erased: int) -> list[Erased]:
        """The entries that it does not know."""
