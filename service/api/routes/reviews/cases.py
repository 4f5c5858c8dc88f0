"""Reviews: the queue, claims, conclusions and approvals, for persons."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from domain.model import Outcome
from domain.reviews.case import ReviewCase, Shown
from domain.reviews.conclusion import Conclusion
from domain.views.reviews import CaseFilter
from service.api.auth import Caller, PersonWith, guarded_router
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.lookups.cursors import decode_place, encode_cursor
from service.api.models.review_bodies import (
    ApprovalBody,
    BulkBody,
    CloseBody,
    ConclusionBody,
    ReleaseBody,
    ReturnBody,
    SnoozeBody,
)
from service.api.models.reviews import (
    BulkModel,
    CaseModel,
    CasePage,
    CaseViewModel,
    ListedCaseModel,
)
from service.api.responses import problems
from usecases.reviews.bulk import Bulk, count_cases, end_cases
from usecases.reviews.by import By

router = guarded_router("/v1/reviews", tag="reviews")

Reviewer = Annotated[Caller, PersonWith("review")]
_CODES: Final = (
    "not_found", "claimed_by_another", "not_claimed", "lease_lost", "case_closed", "same_person",
    "senior_required", "wrong_state", "unreadable", "invalid_request", "unavailable",
)  # fmt: skip
_STEP: Final = problems(*_CODES)
_CONCLUSION: Final = problems(*_CODES, "evidence_changed", "conclusion_refused")


class ReviewQuery(BaseModel):
    """The filters and the page of a list."""

    model_config = ConfigDict(extra="forbid")

    state: Shown | None = Field(None, description="Without it: all that have not ended")
    app_id: str | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


def by_of(caller: Caller) -> By:
    """The person, with the apps in which the person may review and approve."""
    approving = caller.token.apps_for(("review", "approve"))
    apps = tuple(app for app in caller.app_ids if approving is None or app in approving)
    return By(caller.actor, tuple(caller.app_ids), apps)


def _case(case: ReviewCase, context: ApiContext) -> CaseModel:
    return CaseModel.of(case, context.clock())


@router.get("", responses=problems("bad_cursor", "invalid_request", "unavailable"))
async def list_reviews(
    caller: Reviewer, context: Context, query: Annotated[ReviewQuery, Query()]
) -> CasePage:
    """Cases, most urgent first; closed ones newest first."""
    which = CaseFilter(app_ids=caller.narrowed(query.app_id), state=query.state)
    found = await context.reviews.page(which, limit=query.limit + 1, after=decode_place(query.cursor))
    page, now = found[: query.limit], context.clock()
    return CasePage(
        items=[ListedCaseModel.listed(each, now) for each in page],
        next_cursor=encode_cursor(page[-1].place) if len(found) > query.limit else None,
    )


@router.post("/next", responses=problems("not_found", "unavailable"))
async def claim_next_review(caller: Reviewer, context: Context) -> CaseModel:
    """Claim the most urgent case that you may have, for ten minutes; 404 if there is none."""
    case = await context.reviews.next(by_of(caller))
    if case is None:
        raise ApiProblem("not_found", detail="no case waits for you")
    return _case(case, context)


@router.post("/end", responses=problems("conclusion_refused", "invalid_request", "unavailable"))
async def end_reviews(body: BulkBody, caller: Reviewer, context: Context) -> BulkModel:
    """Count up to 500 cases, or with `"dry_run": false` and that count reject or close them. A case that
    another person works on stays.
    """
    what = Bulk(None if body.outcome is None else Outcome(body.outcome), tuple(body.reasons))
    by = by_of(caller)
    if body.dry_run or body.expected is None:
        return BulkModel(count=await count_cases(context.reviews, body.case_ids, by))
    return BulkModel.of(await end_cases(context.reviews, body.case_ids, by, what, expected=body.expected))


@router.get("/{case_id}", responses=problems("not_found", "invalid_request", "unavailable"))
async def get_review(case_id: UUID, caller: Reviewer, context: Context) -> CaseViewModel:
    """A case, its evidence with `evidence_hash`, and what happened to it."""
    view = await context.reviews.find(case_id, by_of(caller))
    return CaseViewModel.view(view, context.clock())


@router.post("/{case_id}/claim", responses=_STEP)
async def claim_review(case_id: UUID, caller: Reviewer, context: Context) -> CaseModel:
    """Work on this case for ten minutes; again, for ten minutes more."""
    return _case(await context.reviews.claim(case_id, by_of(caller)), context)


@router.post("/{case_id}/take-over", responses=_STEP)
async def take_over_review(case_id: UUID, caller: Reviewer, context: Context) -> CaseModel:
    """Take the case from the person who works on it; for persons who may approve."""
    return _case(await context.reviews.take_over(case_id, by_of(caller)), context)


@router.post("/{case_id}/release", responses=_STEP)
async def release_review(
    case_id: UUID, caller: Reviewer, context: Context, body: ReleaseBody | None = None
) -> CaseModel:
    """Give the case back."""
    fence = None if body is None else body.fence
    return _case(await context.reviews.release(case_id, by_of(caller), fence=fence), context)


@router.post("/{case_id}/snooze", responses=_CONCLUSION)
async def snooze_review(case_id: UUID, body: SnoozeBody, caller: Reviewer, context: Context) -> CaseModel:
    """Put the case off until a time; new evidence wakes it as well."""
    how: dict[str, Any] = {"until": body.until, "note": body.note, "fence": body.fence}
    return _case(await context.reviews.snooze(case_id, by_of(caller), **how), context)


@router.post("/{case_id}/propose", responses=_CONCLUSION)
async def propose_review(
    case_id: UUID, body: ConclusionBody, caller: Reviewer, context: Context
) -> CaseModel:
    """Conclude the case: it is `closed`, or `proposed` where the policy wants four eyes."""
    what = Conclusion(Outcome(body.outcome), tuple(body.reasons), body.note)
    case = await context.reviews.propose(
        case_id, by_of(caller), what, evidence_hash=body.evidence_hash, fence=body.fence
    )
    return _case(case, context)


@router.post("/{case_id}/approve", responses=_CONCLUSION)
async def approve_review(case_id: UUID, body: ApprovalBody, caller: Reviewer, context: Context) -> CaseModel:
    """Approve what another person proposed."""
    case = await context.reviews.approve(
        case_id, by_of(caller), evidence_hash=body.evidence_hash, fence=body.fence
    )
    return _case(case, context)


@router.post("/{case_id}/return", responses=_CONCLUSION)
async def return_review(case_id: UUID, body: ReturnBody, caller: Reviewer, context: Context) -> CaseModel:
    """Give a proposal back; the case is open again."""
    by = by_of(caller)
    return _case(await context.reviews.return_(case_id, by, note=body.note, fence=body.fence), context)


@router.post("/{case_id}/close", responses=_CONCLUSION)
async def close_review(case_id: UUID, body: CloseBody, caller: Reviewer, context: Context) -> CaseModel:
    """End the case without a conclusion: what counted before still counts."""
    how: dict[str, Any] = {"reasons": body.reasons, "note": body.note, "fence": body.fence}
    return _case(await context.reviews.close(case_id, by_of(caller), **how), context)
