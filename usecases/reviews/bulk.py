"""Reject or close many cases for the same reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.model import Outcome
from domain.reviews import conclusion
from domain.reviews.case import CaseState, ReviewCase, Reviewer
from domain.reviews.conclusion import LONGEST_BULK, Conclusion
from domain.reviews.errors import ConclusionRefused, ReviewRefused, WrongState
from domain.reviews.history import CaseEvent, apply
from domain.reviews.step import Seen, Step
from usecases.reviews.by import By
from usecases.reviews.desk import ReviewDesk, claim


class Bulk(msgspec.Struct, frozen=True):
    """What many cases come to. `outcome` None closes them without a conclusion.

    Raises:
        ConclusionRefused: the outcome is neither `rejected` nor None, or the reasons do not fit.
    """

    outcome: Outcome | None
    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.outcome not in (None, Outcome.REJECTED):
            raise ConclusionRefused("many cases can only be rejected or closed")
        if self.outcome is not None:
            Conclusion(self.outcome, self.reasons)


class BulkResult(msgspec.Struct, frozen=True):
    """How many cases were ended or proposed, and how many were refused for which reason (`code`)."""

    done: int
    refused: dict[str, int]


async def count_cases(desk: ReviewDesk, case_ids: Sequence[UUID], by: By) -> int:
    """How many of these cases a bulk step is about. Raises ConclusionRefused: more than 500 are named."""
    _check_number(case_ids)
    return await desk.store.count(case_ids, by.app_ids)


async def end_cases(
    desk: ReviewDesk, case_ids: Sequence[UUID], by: By, what: Bulk, *, expected: int
) -> BulkResult:
    """End these cases one by one, each claimed and concluded at once; a case that another person works on
    stays. `expected`: the count that the person has seen.

    Raises:
        ConclusionRefused: more than 500 cases are named, or the count is another one by now.
    """
    if await count_cases(desk, case_ids, by) != expected:
        raise ConclusionRefused("the number of cases is not the one that was shown")
    done, refused = 0, dict[str, int]()
    for case_id in dict.fromkeys(case_ids):
        try:
            await desk.do(case_id, by, _claim)
            await desk.do(case_id, by, lambda seen, who, now: _end(seen, who, now, what))
            done += 1
        except ReviewRefused as error:
            refused[error.code] = refused.get(error.code, 0) + 1
    return BulkResult(done, refused)


def _check_number(case_ids: Sequence[UUID]) -> None:
    if len(case_ids) > LONGEST_BULK:
        raise ConclusionRefused(f"at most {LONGEST_BULK} cases at once")


def _claim(seen: Seen, who: Reviewer, now: datetime) -> Step:
    """A claim of a case without a proposal, which needs an approval of its own."""
    if seen.case.state is CaseState.PROPOSED:
        raise WrongState
    return claim(seen, who, now)


def _end(seen: Seen, who: Reviewer, now: datetime, what: Bulk) -> Step:
    event = _event(seen.case, who, now, what, seen.evidence_hash)
    event = replace(event, detail=replace(event.detail, in_bulk=True))
    return Step(apply(seen.case, event), event)


def _event(case: ReviewCase, who: Reviewer, now: datetime, what: Bulk, evidence_hash: str) -> CaseEvent:
    if what.outcome is None:
        return conclusion.close(case, who, now, reasons=what.reasons, fence=None)
    rejection = Conclusion(what.outcome, what.reasons)
    return conclusion.propose(case, who, now, rejection, fence=None, evidence_hash=evidence_hash)
