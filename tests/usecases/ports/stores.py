"""The store of a contract test: the ports of one process, and short access to the stored rows."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.apps.registration import Registered, Registration
from domain.model import AcceptedCallback, Outcome, verification_id
from domain.verifications.records import DueVerification, Recorded
from tests.support.memory.callbacks.dead_letters import MemoryDeadLetters
from tests.support.memory.callbacks.held import MemoryHeldVerifications
from tests.support.memory.callbacks.recorder import MemoryRecorder
from tests.support.memory.callbacks.registrations import MemoryRegistrations
from tests.support.memory.decisions import MemoryDecisions
from tests.support.memory.due import MemoryDueVerifications
from tests.support.memory.events.endpoints import MemoryEndpoints
from tests.support.memory.identity.numbers import MemoryVelocity
from tests.support.memory.pulls.ledger import MemoryLedger
from tests.support.memory.pulls.pull_requests import MemoryPullRequests
from tests.support.memory.return_hints import MemoryReturnedVerifications
from tests.support.memory.servers import MemoryDatabase
from tests.support.storage.stores import (
    LEASE,
    NOW,
    OPERATORS_RULES,
    Json,
    Store,
    biz_id,
    callback,
    decision_record,
    record,
)
from usecases.ports.callbacks.letters import DeadLetters
from usecases.ports.callbacks.recording import Recorder, Registrations
from usecases.ports.decisions import Decisions, SecondLooks
from usecases.ports.events.endpoints import Endpoints
from usecases.ports.identity.numbers import NumberVelocity
from usecases.ports.pulls import Ledger, PullRequests
from usecases.ports.schedule import DueVerifications, HeldVerifications, ReturnedVerifications


class Due(DueVerifications, SecondLooks, Protocol):
    """Due verifications, and the results of pulls after the decision."""


class StoredState(NamedTuple):
    """The state of a verification."""

    state: str
    outcome: str | None
    biz_no: str | None
    vendor_status: str | None
    due_at: datetime | None
    ended_at: datetime | None
    received_at: datetime | None
    fence: int
    held: bool


class KeptLetter(NamedTuple):
    """A dead letter."""

    reason: str
    detail: str
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime
    is_under_way: bool


class PortsOfStore(ABC):
    """One process's ports. `another` gives another process's, on the same data."""

    recorder: Recorder
    ledger: Ledger
    decisions: Decisions
    velocity: NumberVelocity
    due: Due
    dead_letters: DeadLetters
    registrations: Registrations
    pull_requests: PullRequests
    return_hints: ReturnedVerifications
    held: HeldVerifications
    endpoints: Endpoints

    @abstractmethod
    def another(self) -> "PortsOfStore":
        """The ports of another process."""

    @abstractmethod
    async def stored_state(self, n: int = 1) -> StoredState:
        """The state of verification `n`."""

    @abstractmethod
    async def events(self, n: int = 1) -> list[str]:
        """The timeline of verification `n`."""

    @abstractmethod
    async def seen(self) -> list[int]:
        """How often each callback came, by its digest."""

    @abstractmethod
    async def letters(self) -> list[KeptLetter]:
        """Every dead letter, the one that was seen last in front."""

    @abstractmethod
    async def retry(self, letter_id: UUID) -> None:
        """Mark a letter as on its way."""

    async def record(
        self, taken: AcceptedCallback | None = None, *, awaits_registration: bool = False
    ) -> Recorded:
        """Record a callback in the moment it came."""
        taken = taken or callback()
        return await record(
            self.recorder, taken, now=taken.received_at, awaits_registration=awaits_registration
        )

    async def register(self, registration: Registration, *, n: int = 1, app_id: str = "demo") -> Registered:
        return await self.registrations.register(app_id, biz_id(n), registration, by="token:orders")

    async def reserve(self, recorded: Recorded, n: int, *, now: datetime = NOW) -> bool:
        """Reserve a call under the lease that recording the callback gave."""
        return await self.ledger.reserve(recorded.lease, n, now=now)

    async def decide(
        self, recorded: Recorded, *, outcome: Outcome = Outcome.APPROVED, tree: Json | None = None
    ) -> bool:
        """Save a decision on a recorded callback."""
        return await self.decisions.save_once(decision_record(recorded, outcome=outcome, tree=tree))

    async def claim(
        self, *, after: timedelta = LEASE, limit: int = 100, silent: bool = False
    ) -> list[DueVerification]:
        """Claim what is due this long after the callbacks."""
        claimed = await self.due.claim({"demo": limit}, now=NOW + after, lease=LEASE, silent=silent)
        return claimed.opened


class RealStore(PortsOfStore):
    """On PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.recorder, self.ledger, self.decisions = store.recorder, store.ledger, store.decisions
        self.velocity = store.velocity
        self.due, self.dead_letters, self.registrations = store.due, store.dead_letters, store.registrations
        self.pull_requests, self.return_hints = store.pull_requests, store.return_hints
        self.held, self.endpoints = store.held, store.endpoints

    def another(self) -> PortsOfStore:
        return RealStore(Store(self._store.engine, self._store.keys))

    async def stored_state(self, n: int = 1) -> StoredState:
        [row] = await self._store.rows(
            "SELECT v.state, d.outcome, v.biz_no, v.vendor_status, v.due_at, v.ended_at, v.received_at,"
            " v.fence, v.held FROM verifications v LEFT JOIN decisions d ON d.verification_id = v.id"
            " WHERE v.id = :id",
            id=verification_id("demo", biz_id(n)),
        )
        return StoredState(*row)

    async def events(self, n: int = 1) -> list[str]:
        return await self._store.events(verification_id("demo", biz_id(n)))

    async def seen(self) -> list[int]:
        rows = await self._store.rows("SELECT seen FROM callbacks ORDER BY verification_id, digest")
        return [seen for (seen,) in rows]

    async def letters(self) -> list[KeptLetter]:
        rows = await self._store.rows(
            "SELECT reason, detail, attempts, first_seen_at, last_seen_at, retried_at IS NOT NULL"
            " FROM dead_letters ORDER BY last_seen_at DESC"
        )
        return [KeptLetter(*row) for row in rows]

    async def retry(self, letter_id: UUID) -> None:
        async with self._store.dead_letters.take_one(letter_id, None, now=NOW) as callback:
            assert callback is not None


class MemoryStore(PortsOfStore):
    """In memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self.recorder = MemoryRecorder(database, lease=LEASE)
        self.ledger = MemoryLedger(database)
        self.decisions = MemoryDecisions(database)
        self.velocity = MemoryVelocity(database)
        self.due = MemoryDueVerifications(database)
        self.dead_letters = MemoryDeadLetters(database)
        self.registrations = MemoryRegistrations(database)
        self.pull_requests = MemoryPullRequests(database, rules=OPERATORS_RULES)
        self.return_hints = MemoryReturnedVerifications(database)
        self.held = MemoryHeldVerifications(database)
        self.endpoints = MemoryEndpoints(database)

    def another(self) -> PortsOfStore:
        return MemoryStore(self._database)

    async def stored_state(self, n: int = 1) -> StoredState:
        key = verification_id("demo", biz_id(n))
        row, decided = self._database.verifications[key], self._database.decisions.get(key)
        outcome = None if decided is None else decided.decision.outcome
        return StoredState(
            row.state, outcome, row.biz_no, row.vendor_status, row.due_at, row.ended_at, row.received_at,
            row.fence, row.held,
        )  # fmt: skip

    async def events(self, n: int = 1) -> list[str]:
        key = verification_id("demo", biz_id(n))
        return [event for owner, event, _ in self._database.timeline if owner == key]

    async def seen(self) -> list[int]:
        return [kept.seen for _, kept in sorted(self._database.callbacks.items(), key=lambda each: each[0])]

    async def letters(self) -> list[KeptLetter]:
        kept = sorted(self._database.letters.values(), key=lambda each: each.last_seen_at, reverse=True)
        return [
            KeptLetter(
                each.reason, each.detail, each.attempts, each.first_seen_at, each.last_seen_at,
                each.retried_at is not None,
            )
            for each in kept
        ]  # fmt: skip

    async def retry(self, letter_id: UUID) -> None:
        self._database.letters[letter_id].retried_at = NOW
