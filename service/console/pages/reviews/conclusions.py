"""Conclusions: propose, close, approve what another person proposed, or return it."""

from fastapi import APIRouter
from msgspec.structs import replace
from starlette.responses import Response

from service.console.app.forms.posted import Form
from service.console.app.sessions import needs
from service.console.pages.reviews import drafts
from service.console.pages.reviews.case import ReviewedCase, attempt, show_case
from service.console.pages.reviews.drafts import Draft
from service.console.pages.reviews.problems import Problem

router = APIRouter()


@router.post("/reviews/{case_id}/propose")
async def conclude_case(at: ReviewedCase, form: Form) -> Response:
    """Conclude the case, or close it without a conclusion."""
    draft, desk = Draft.of(form), at.context.reviews
    if draft.problem:
        return await show_case(at, draft=draft, problem=Problem(draft.problem, 422))
    if draft.choice == drafts.CLOSE:
        note = draft.note or None
        step = desk.close(at.case_id, at.by, reasons=draft.reasons, note=note, fence=draft.fence)
    else:
        step = desk.propose(
            at.case_id, at.by, draft.conclusion(), evidence_hash=draft.evidence_hash, fence=draft.fence
        )
    return await attempt(at, step, draft=draft)


@router.post("/reviews/{case_id}/approve", dependencies=[needs("approve")])
async def approve_conclusion(at: ReviewedCase, form: Form) -> Response:
    """Approve what another person proposed."""
    draft = replace(Draft.of(form), choice=drafts.APPROVE)
    step = at.context.reviews.approve(at.case_id, at.by, evidence_hash=draft.evidence_hash, fence=draft.fence)
    return await attempt(at, step, draft=draft)


@router.post("/reviews/{case_id}/return", dependencies=[needs("approve")])
async def return_conclusion(at: ReviewedCase, form: Form) -> Response:
    """Give a proposal back, with a note that says why."""
    draft = replace(Draft.of(form), choice=drafts.RETURN)
    if not draft.note:
        return await show_case(at, draft=draft, problem=Problem(drafts.NO_RETURN_NOTE, 422))
    step = at.context.reviews.return_(at.case_id, at.by, note=draft.note, fence=draft.fence)
    return await attempt(at, step, draft=draft)
