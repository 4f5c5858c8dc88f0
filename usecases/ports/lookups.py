"""What api and console look up: verifications, decisions, dead letters."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.policy.explanation import DecidedFacts, DecidedVerification
from domain.views.close_ups import CloseUp
from domain.views.decisions import Selection, Shadow
from domain.views.letters import DeadLetter, LetterFilter
from domain.views.operations.figures import Letters
from domain.views.outcomes import HourOfOutcomes
from domain.views.verifications import Filters, TimelineEvent, VerificationRecord


class Lookups(Protocol):
    """Verifications by id, by filter, and their timelines."""

    async def find(self, app_ids: Sequence[str], biz_id: str) -> list[VerificationRecord]:
        """The verifications with this biz_id among these apps: none, one, or one per app."""

    async def states(self, ids: tuple[UUID, ...]) -> list[str]:
        """The states of these verifications; those that do not exist are missing."""

    async def page(
        self, filters: Filters, *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[VerificationRecord]:
        """The newest verifications that match `filters`, after `after` (created_at, id)."""

    async def timeline(self, verification: UUID) -> list[TimelineEvent]:
        """Every event of a verification, oldest first."""


class CloseUps(Protocol):
    """What belongs to one verification beside its decision."""

    async def of(self, verification_id: UUID) -> CloseUp:
        """Its calls, shadow decisions and deliveries."""


class OutcomeCounts(Protocol):
    """Counts of decisions by outcome."""

    async def hours(
        self, app_ids: Sequence[str], hours: Sequence[datetime], *, now: datetime
    ) -> list[HourOfOutcomes]:
        """The counts of these apps in these full hours."""


class Chunk(Protocol):
    """Stored decisions that were read together."""

    def __iter__(self) -> Iterator[DecidedFacts]:
        """Each decision, newest first."""

    def parts(self, size: int) -> Iterator["Chunk"]:
        """The same decisions in chunks of up to `size`."""


class StoredDecisions(Protocol):
    """Decisions with their evidence."""

    async def get(self, verification: UUID) -> DecidedVerification | None:
        """The decision of a verification; None if it has none yet."""

    def chunks(self, selection: Selection, *, size: int = ...) -> AsyncIterator[Chunk]:
        """The selected decisions, newest first, in chunks of up to `size`."""


class Shadows(Protocol):
    """Decisions of candidate policies, compared with the live ones."""

    async def compare(
        self, name: str, app_ids: Sequence[str], *, content_hash: str | None = None, keep: int = ...
    ) -> Shadow:
        """Compare the policy `name` with these apps' live decisions; `content_hash` selects one text.

        The comparison lists the newest `keep` verifications that differ.
        """


class LetterDesk(Protocol):
    """Dead letters for operators."""

    async def count(self, which: LetterFilter) -> int:
        """The number of these letters."""

    async def by_reason(self, app_ids: Sequence[str]) -> list[Letters]:
        """The letters of these apps, counted by app and reason, each up to 10,000."""

    async def page(
        self, which: LetterFilter, *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[DeadLetter]:
        """The newest of these letters, after `after` (last_seen_at, id)."""

    async def delete(self, letter_id: UUID, app_ids: Sequence[str] | None, *, audit: AuditRow) -> bool:
        """Delete a dead letter; False if these apps have no such letter. Raises LegalHold."""
