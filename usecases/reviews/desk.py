"""What a person does with cases. The api and the console call it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from domain.reviews import claims, conclusion
from domain.reviews.case import Because, CaseState, ReviewCase, Reviewer
from domain.reviews.conclusion import Conclusion, check_note, wants_second_look
from domain.reviews.errors import EvidenceChanged, NoSuchCase, SecondLookWaits
from domain.reviews.evidence_hash import changed_parts
from domain.reviews.history import CONCLUDING, CaseEvent, apply
from domain.reviews.step import Decide, Seen, Step
from domain.views.reviews import CaseFilter, CasePlace, CaseView, ConcludedReview, ListedCase, Opened
from usecases.ports.reviews import ReviewStore
from usecases.reviews.by import By

Clock = Callable[[], datetime]
Move = Callable[[Seen, Reviewer, datetime], Step | None]


class ReviewDesk:
    """Cases, their claims and conclusions.

    Every method may raise `ReviewRefused` (domain/reviews/errors.py says which when) and ServerAway.
    """

    def __init__(self, store: ReviewStore, *, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def page(
        self, which: CaseFilter, *, limit: int, after: CasePlace | None = None
    ) -> list[ListedCase]:
        """The most urgent cases of a list, behind `after`."""
        return await self.store.page(which, limit=limit, now=self.clock(), after=after)

    async def find(self, case_id: UUID, by: By) -> CaseView:
        """A case with its evidence and the hash over it.

        Raises:
            NoSuchCase: these apps have no such case.
            SecondLookWaits: the case has ended, and the person may take the blind second look at it.
        """
        found = await self.store.find(case_id, by.app_ids)
        if found is None:
            raise NoSuchCase
        await self._check_blind(found.listed.case, by)
        return found

    async def next(self, by: By) -> ReviewCase | None:
        """Claim the most urgent case that this person may have; None if there is none."""
        move = self._by(by, claim)
        return await self.store.change_next(
            by.app_ids, move, actor=by.actor, now=self.clock(), approving=by.approving
        )

    async def claim(self, case_id: UUID, by: By) -> ReviewCase:
        """Claim a case; renews the claim that the person has already.

        Raises:
            ClaimedByAnother, CaseClosed, SamePerson, SeniorRequired: the person cannot have it now.
        """
        return await self.do(case_id, by, claim)

    async def renew(self, case_id: UUID, by: By, *, fence: int) -> ReviewCase:
        """Prolong a claim while its page is open. Raises LeaseLost, ClaimedByAnother, CaseClosed."""

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            claims.check_held(seen.case, who, now, fence=fence)
            return Step(claims.renewed(seen.case, now))

        return await self.do(case_id, by, move)

    async def take_over(self, case_id: UUID, by: By) -> ReviewCase:
        """Take a case from another person. Raises SeniorRequired, SamePerson, CaseClosed."""
        return await self.do(
            case_id, by, lambda seen, who, now: _step(seen, claims.take_over(seen.case, who, now))
        )

    async def release(self, case_id: UUID, by: By, *, fence: int | None = None) -> ReviewCase:
        """Give a claimed case back."""
        return await self.do(
            case_id, by, lambda seen, who, now: _step(seen, claims.release(seen.case, who, now, fence=fence))
        )

    async def snooze(
        self, case_id: UUID, by: By, *, until: datetime, note: str | None = None, fence: int | None = None
    ) -> ReviewCase:
        """Put a claimed case off until a time; new evidence wakes it as well."""
        check_note(note)

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            event = claims.snooze(seen.case, who, now, until=until, fence=fence)
            return _step(seen, event, note)

        return await self.do(case_id, by, move)

    async def propose(
        self, case_id: UUID, by: By, what: Conclusion, *, evidence_hash: str, fence: int | None = None
    ) -> ReviewCase:
        """Conclude a claimed case: it is closed, or proposed where the policy wants four eyes.

        Raises:
            EvidenceChanged: the evidence is not what the hash was made of.
            LeaseLost, NotClaimed, ClaimedByAnother, CaseClosed, WrongState, SamePerson: as named.
        """

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            event = conclusion.propose(
                seen.case, who, now, what, fence=fence, evidence_hash=seen.evidence_hash, first=seen.first
            )
            _check_evidence(seen, evidence_hash)
            return _step(seen, event, what.note)

        return await self.do(case_id, by, move)

    async def approve(
        self, case_id: UUID, by: By, *, evidence_hash: str, fence: int | None = None
    ) -> ReviewCase:
        """Approve what another person proposed; the case is closed.

        Raises:
            SamePerson: the person proposed it, in whatever session or with whatever token.
            EvidenceChanged, LeaseLost, NotClaimed, SeniorRequired, WrongState, CaseClosed: as named.
        """

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            event = conclusion.approve(seen.case, who, now, fence=fence, evidence_hash=seen.evidence_hash)
            _check_evidence(seen, evidence_hash)
            return _step(seen, event)

        return await self.do(case_id, by, move)

    async def return_(
        self, case_id: UUID, by: By, *, note: str | None, fence: int | None = None
    ) -> ReviewCase:
        """Give a proposal back; the case is open again. Raises as `approve`."""

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            return _step(seen, conclusion.return_(seen.case, who, now, note=note, fence=fence), note)

        return await self.do(case_id, by, move)

    async def close(
        self,
        case_id: UUID,
        by: By,
        *,
        reasons: Sequence[str],
        note: str | None = None,
        fence: int | None = None,
    ) -> ReviewCase:
        """End a claimed case without a conclusion: what counted before still counts."""
        check_note(note)

        def move(seen: Seen, who: Reviewer, now: datetime) -> Step:
            return _step(seen, conclusion.close(seen.case, who, now, reasons=reasons, fence=fence), note)

        return await self.do(case_id, by, move)

    async def open(self, biz_id: str, by: By, because: Because, *, note: str | None) -> Opened:
        """Open a case for an appeal or at a person's wish, or note it on the open one. Raises NoSuchCase."""
        check_note(note)
        now = self.clock()
        return await self.store.open(biz_id, by.app_ids, because, note=note, actor=by.actor, now=now)

    async def concluded(self, verification_id: UUID, *, with_notes: bool) -> list[ConcludedReview]:
        """What persons concluded about a verification, newest first. `with_notes`: for who may review it."""
        return await self.store.concluded(verification_id, with_notes=with_notes)

    async def _check_blind(self, case: ReviewCase, by: By) -> None:
        person_id = by.actor.person_id
        if case.state is not CaseState.CLOSED or person_id is None:
            return
        if await self.store.second_looks([case.verification_id], person_id=person_id):
            raise SecondLookWaits

    async def do(self, case_id: UUID, by: By, move: Move) -> ReviewCase:
        """Do one step of a case under its locks."""
        return await self.store.change(case_id, by.app_ids, self._by(by, move), actor=by.actor)

    def _by(self, by: By, move: Move) -> Decide:
        """The move by this person, at the time when the store has the locks."""
        return lambda seen: move(seen, by.in_app(seen.case.app_id), self.clock())


def claim(seen: Seen, who: Reviewer, now: datetime) -> Step:
    """The step of a claim: a new one, or the renewal of the one that the person has."""
    event = claims.claim(seen.case, who, now)
    return Step(claims.renewed(seen.case, now)) if event is None else _step(seen, event)


def _step(seen: Seen, event: CaseEvent, note: str | None = None) -> Step:
    chosen = event.kind in CONCLUDING and wants_second_look(seen.case)
    return Step(apply(seen.case, event), event, note or None, second_look=chosen)


def _check_evidence(seen: Seen, shown: str) -> None:
    """Raises EvidenceChanged: the evidence is not what the person saw."""
    if shown != seen.evidence_hash:
        raise EvidenceChanged(changed_parts(shown, seen.evidence), seen.evidence_hash)
