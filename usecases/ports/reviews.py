"""Where cases and reviews are stored.

A change is a pure function of what is stored: the store locks verification and case, reads them, asks the
function for the next event, and writes the event with everything that follows from it in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.people.actor import Actor
from domain.reviews.case import Because, ReviewCase
from domain.reviews.step import Decide
from domain.views.reviews import (
    CaseFilter,
    CasePlace,
    CaseView,
    ConcludedReview,
    ListedCase,
    Opened,
    ReviewFigures,
)


class CaseUpkeep(Protocol):
    """What sweeps do with cases."""

    async def change(
        self, case_id: UUID, app_ids: Sequence[str], decide: Decide, *, actor: Actor
    ) -> ReviewCase:
        """As `ReviewStore.change`."""

    async def due(self, *, now: datetime, limit: int) -> list[tuple[UUID, str]]:
        """Cases with something for the gateway to do: a claim or a snooze that has ended, or a priority that
        rises; each with its app."""


class ReviewStore(Protocol):
    """Cases, their events, and reviews."""

    async def page(
        self, which: CaseFilter, *, limit: int, now: datetime, after: CasePlace | None = None
    ) -> list[ListedCase]:
        """The most urgent cases that match, behind `after`; closed ones by the time of their end, newest
        first."""

    async def count(self, case_ids: Sequence[UUID], app_ids: Sequence[str]) -> int:
        """How many of these cases these apps have that have not ended."""

    async def find(self, case_id: UUID, app_ids: Sequence[str]) -> CaseView | None:
        """The case with its evidence and events, if one of these apps has it."""

    async def second_looks(self, verification_ids: Sequence[UUID], *, person_id: UUID) -> set[UUID]:
        """Those of these verifications of which a blind second look waits that this person may take."""

    async def change(
        self, case_id: UUID, app_ids: Sequence[str], decide: Decide, *, actor: Actor
    ) -> ReviewCase:
        """Do one step of a case; the case after it.

        Raises:
            NoSuchCase: these apps have no such case.
            ReviewRefused: as `decide`.
            BrokenSeal: there is a note, and the verification's key cannot seal it.
        """

    async def change_next(
        self,
        app_ids: Sequence[str],
        decide: Decide,
        *,
        actor: Actor,
        now: datetime,
        approving: Sequence[str] = (),
    ) -> ReviewCase | None:
        """Do one step of the most urgent case that no one works on, in which the actor is not excluded;
        proposed ones are of the apps `approving`. Two calls at once never get the same one."""

    async def open(
        self,
        biz_id: str,
        app_ids: Sequence[str],
        because: Because,
        *,
        note: str | None,
        actor: Actor,
        now: datetime,
    ) -> Opened:
        """Open a case of a decided verification, or note on its open case why the actor asks for one.

        Raises:
            NoSuchCase: these apps have no such decided verification.
        """

    async def concluded(self, verification_id: UUID, *, with_notes: bool) -> list[ConcludedReview]:
        """What persons concluded about a verification, newest first, 50 at most."""

    async def figures(self, app_ids: Sequence[str], *, now: datetime) -> ReviewFigures:
        """Counts for metrics."""
