"""Ask for a review of a decided verification."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.reviews.case import Because
from domain.reviews.errors import NoSuchCase
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.paths.places import case_path
from service.console.context import Context
from service.console.pages.reviews.reviewing import ReviewSession, by_of
from usecases.reviews.by import By

router = APIRouter()

_LONGEST: Final = 2000
_SEE_OTHER: Final = 303


@router.post("/reviews/open")
async def ask_for_review(request: Request, context: Context, session: ReviewSession, form: Form) -> Response:
    """Open a case, or note the request on the open one, and show it."""
    by = by_of(request, context, session)
    mine = By(by.actor, tuple(app_id for app_id in by.app_ids if app_id == form["app"]), by.approving)
    note = form["note"][:_LONGEST] or None
    try:
        opened = await context.reviews.open(form["biz_id"][:128], mine, Because.OPERATOR, note=note)
    except NoSuchCase:
        raise NotFound from None
    return RedirectResponse(case_path(opened.case_id), _SEE_OTHER)
