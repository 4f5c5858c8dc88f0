"""Ask for a review of a decided verification: a reviewer gets the case, an operator stays on the page."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal
from domain.people.session import Session
from domain.reviews.case import Because
from domain.reviews.errors import ConclusionRefused, NoSuchCase
from domain.views.reviews import Opened
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.places import case_path, verification_path
from service.console.app.sessions import actor_of, needs
from service.console.context import ConsoleContext, Context
from service.console.pages.reviews.reviewing import REVIEW, ReviewSession
from service.console.pages.verifications.details import found_verification, show_record
from usecases.reviews.by import By

router = APIRouter()

_OPERATE: Final = "operate"
_SEE_OTHER: Final = 303
Operator = Annotated[Session, needs(_OPERATE)]
BizId = Annotated[str, Path(max_length=128)]

_PROBLEMS: Final[Mapping[type[Exception], str]] = {
    NoSuchCase: N_("There is no decision yet, so there is nothing to review."),
    ConclusionRefused: N_("The note is too long."),
    BrokenSeal: N_("The key of this verification is gone, so no note can be kept. Leave the note out."),
}


class Wish(msgspec.Struct, frozen=True):
    """Who asks for a review of which verification. `note`: why; "" for none."""

    request: Request
    context: ConsoleContext
    app_id: str
    biz_id: str
    note: str


def wish_of(request: Request, context: Context, form: Form, app_id: str, biz_id: BizId) -> Wish:
    """What a form asks for."""
    return Wish(request, context, app_id, biz_id, form["note"])


Wished = Annotated[Wish, Depends(wish_of)]


@router.post("/verifications/{app_id}/{biz_id}/review")
async def ask_for_review(session: ReviewSession, wish: Wished) -> Response:
    """Open a case, or note the request on the open one, and show it."""
    opened = await _open(wish, session, REVIEW)
    return opened if isinstance(opened, Response) else _to(case_path(opened.case_id))


@router.post("/verifications/{app_id}/{biz_id}/case")
async def open_case(session: Operator, wish: Wished) -> Response:
    """Open a case, or note the request on the open one, for others to review."""
    opened = await _open(wish, session, _OPERATE)
    to = f"{verification_path(wish.app_id, wish.biz_id)}?done=case"
    return opened if isinstance(opened, Response) else _to(to)


async def _open(wish: Wish, session: Session, scope: str) -> Opened | Response:
    """The case; or the page again, with what was typed and why there is none. Raises NotFound."""
    request, context = wish.request, wish.context
    if not session.rights.may(scope, wish.app_id):
        raise NotFound
    record = await found_verification(context, session, wish.app_id, wish.biz_id)
    by = By(actor_of(request, session), (wish.app_id,))
    try:
        return await context.reviews.open(wish.biz_id, by, Because.OPERATOR, note=wish.note or None)
    except (NoSuchCase, ConclusionRefused, BrokenSeal) as error:
        problem = _PROBLEMS[type(error)]
        return await show_record(request, context, session, record, problem=problem, note=wish.note)


def _to(path: str) -> Response:
    return RedirectResponse(path, _SEE_OTHER)
