"""Redis and PostgreSQL in memory: their content, and the two ways in which they fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from domain.apps.registration import Registration
from domain.errors import BrokenSeal
from domain.events.webhooks.endpoint import Endpoint
from domain.identity.numbers import canonical
from domain.model import AcceptedCallback, State
from domain.pulls.answer import says_nothing
from domain.pulls.budget import Pull, PullState
from domain.verifications.lease import Lease
from domain.verifications.records import DecisionRecord, FinishedPull


async def next_turn() -> None:
    """Let other tasks that are ready go first."""
    await asyncio.sleep(0)


@dataclass
class Server:
    """`is_away`: nothing is done · `loses_replies`: it is done, and the caller is not told.

    Every call awaits `turn` and then does its work at once: calls are atomic, in the order of their turns.
    """

    turn: Callable[[], Awaitable[None]] = next_turn
    is_away: bool = False
    loses_replies: bool = False

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """One call, inside the block."""
        await self.turn()
        if self.is_away:
            raise self.error()
        yield
        if self.loses_replies:
            raise self.error()

    def error(self) -> Exception:
        """What a caller meets."""
        raise NotImplementedError


@dataclass
class Batch:
    """A batch in the inbox; `lapses_at`: the end of its claimer's lease, None where nobody has claimed it."""

    callbacks: list[AcceptedCallback]
    accepted_at: datetime
    lapses_at: datetime | None = None


@dataclass
class Job:
    """A message to a worker; `taken`: one is at it."""

    function: str
    argument: str
    at: datetime
    taken: bool = False


@dataclass
class MemoryRedis(Server):
    """The inbox, the messages, and what was announced."""

    batches: dict[str, Batch] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    announced: list[UUID] = field(default_factory=list)

    def error(self) -> Exception:
        return RedisAway("ConnectionError")


@dataclass(frozen=True)
class MemoryKey:
    """Marks what it seals with its owner's id, and opens nothing else."""

    owner: UUID

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        return self.owner.bytes + plaintext

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        if not sealed.startswith(self.owner.bytes):
            raise BrokenSeal(place)
        return sealed.removeprefix(self.owner.bytes)


@dataclass
class Verification:
    """A row of `verifications`."""

    id: UUID
    app_id: str
    biz_id: str
    state: State = State.CREATED
    biz_no: str | None = None
    vendor_status: str | None = None
    final_digest: bytes | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    fence: int = 1
    held: bool = False
    registered_at: datetime | None = None
    expires_at: datetime | None = None
    returned_at: datetime | None = None
    asked_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def lease(self) -> Lease:
        """The lease of its present holder."""
        return Lease(self.id, self.app_id, self.fence, MemoryKey(self.id))

    @property
    def registration(self) -> Registration | None:
        """What is known of its registration."""
        if self.registered_at is None or self.expires_at is None:
            return None
        return Registration(self.biz_no, self.registered_at, self.expires_at, self.returned_at)


@dataclass
class Recording:
    """A row of `callbacks`: the first of its kind, and how often it came."""

    callback: AcceptedCallback
    seen: int = 0


@dataclass
class Call:
    """A row of `pulls`."""

    state: PullState
    started_at: datetime
    end: FinishedPull | None = None

    def as_pull(self, n: int) -> Pull:
        """The row as the ledger tells it."""
        error = self.end.answer.error if self.end else None
        return Pull(n, self.state, self.started_at, self.state is PullState.DONE and says_nothing(error))


@dataclass
class Letter:
    """A row of `dead_letters`."""

    callback: AcceptedCallback
    reason: str
    detail: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int = 1
    retried_at: datetime | None = None


@dataclass
class MemoryDatabase(Server):
    """The tables. `timeline` has the verification, the event and its detail; `numbers` the app, the ID number
    and when it was first seen."""

    verifications: dict[UUID, Verification] = field(default_factory=dict)
    callbacks: dict[tuple[UUID, bytes], Recording] = field(default_factory=dict)
    pulls: dict[tuple[UUID, int], Call] = field(default_factory=dict)
    decisions: dict[UUID, DecisionRecord] = field(default_factory=dict)
    timeline: list[tuple[UUID, str, dict[str, object]]] = field(default_factory=list)
    letters: dict[UUID, Letter] = field(default_factory=dict)
    endpoints: dict[UUID, Endpoint] = field(default_factory=dict)
    numbers: dict[UUID, tuple[str, str, datetime]] = field(default_factory=dict)

    def error(self) -> Exception:
        return DatabaseAway("away")

    def leased(self, lease: Lease) -> Verification | None:
        """The verification, if the lease is still the caller's."""
        row = self.verifications.get(lease.verification_id)
        return row if row is not None and row.fence == lease.fence else None

    def index_number(self, lease: Lease, number: str | None, at: datetime) -> None:
        """Index the number of a leased verification; the first time is kept."""
        form = canonical(number)
        if form is not None and self.leased(lease) is not None:
            *_, first = self.numbers.get(lease.verification_id, ("", "", at))
            self.numbers[lease.verification_id] = (lease.app_id, form, first)

    def note(self, verification_id: UUID, event: str, **detail: object) -> None:
        """Put an event on the timeline."""
        self.timeline.append((verification_id, event, detail))
