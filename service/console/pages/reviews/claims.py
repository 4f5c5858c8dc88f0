"""Claims: take a case, keep it, give it back, put it off."""

from fastapi import APIRouter
from msgspec.structs import replace
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal
from domain.reviews.errors import NoSuchCase, ReviewRefused
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.sessions import needs
from service.console.app.templates import page
from service.console.pages.reviews import drafts
from service.console.pages.reviews.case import SEE_OTHER, CaseAt, ReviewedCase, attempt, show_case
from service.console.pages.reviews.drafts import Draft
from service.console.pages.reviews.problems import Problem, problem_of

router = APIRouter()


@router.post("/reviews/{case_id}/claim")
async def claim_case(at: ReviewedCase, form: Form) -> Response:
    """Claim the case, or prolong the claim; what was typed so far is on the page again."""
    return await _keep(at, Draft.of(form), renewing=False)


@router.post("/reviews/{case_id}/renew")
async def renew_claim(at: ReviewedCase, form: Form) -> Response:
    """Prolong the claim while its page is open. htmx gets the claim alone."""
    draft = Draft.of(form)
    if at.request.headers.get("hx-request"):
        return await _lease(at, draft)
    return await _keep(at, draft, renewing=True)


@router.post("/reviews/{case_id}/take-over", dependencies=[needs("approve")])
async def take_case_over(at: ReviewedCase, form: Form) -> Response:
    """Take the case from the person who works on it."""
    return await attempt(at, at.context.reviews.take_over(at.case_id, at.by), draft=Draft.of(form))


@router.post("/reviews/{case_id}/release")
async def release_case(at: ReviewedCase, form: Form) -> Response:
    """Give the case back."""
    draft = replace(Draft.of(form), choice=drafts.RELEASE)
    return await attempt(at, at.context.reviews.release(at.case_id, at.by, fence=draft.fence), draft=draft)


@router.post("/reviews/{case_id}/snooze")
async def snooze_case(at: ReviewedCase, form: Form) -> Response:
    """Put the case off until a time."""
    draft = replace(Draft.of(form), choice=drafts.SNOOZE)
    until = draft.snoozed_until(at.context.clock(), at.context.zone)
    if until is None:
        return await show_case(at, draft=draft, problem=Problem(drafts.NO_TIME, 422))
    step = at.context.reviews.snooze(
        at.case_id, at.by, until=until, note=draft.note or None, fence=draft.fence
    )
    return await attempt(at, step, draft=draft)


async def _keep(at: CaseAt, draft: Draft, *, renewing: bool) -> Response:
    desk = at.context.reviews
    try:
        if renewing:
            await desk.renew(at.case_id, at.by, fence=draft.fence)
        else:
            await desk.claim(at.case_id, at.by)
    except NoSuchCase:
        raise NotFound from None
    except (ReviewRefused, BrokenSeal) as error:
        return await show_case(at, draft=draft, problem=problem_of(error))
    return await show_case(at, draft=draft) if draft.choice else RedirectResponse(at.path, SEE_OTHER)


async def _lease(at: CaseAt, draft: Draft) -> Response:
    try:
        case = await at.context.reviews.renew(at.case_id, at.by, fence=draft.fence)
    except NoSuchCase:
        return page(at.request, "reviews/lease_lost.html", status=404)
    except ReviewRefused as error:
        return page(at.request, "reviews/lease_lost.html", status=problem_of(error).status)
    return page(at.request, "reviews/lease.html", case=case, lease=case.claim)
