"""Reject or close many cases for the same reasons: first their count, then the step."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.model import Outcome
from domain.people.session import Session
from domain.reviews.conclusion import LONGEST_BULK
from domain.reviews.errors import ConclusionRefused, NoSuchCase
from domain.reviews.reasons import ReviewReason
from service.console.app.forms.inputs import read_id, read_number
from service.console.app.forms.posted import Form, Posted
from service.console.app.languages import N_
from service.console.app.paths.views import with_query
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.reviews.drafts import CLOSE, NO_CHOICE, NO_REASON, Draft, reasons_for
from service.console.pages.reviews.queue import View, filter_of
from service.console.pages.reviews.reviewing import ReviewSession, by_of
from usecases.reviews.bulk import Bulk, count_cases, end_cases

router = APIRouter()

_SEE_OTHER: Final = 303
_CHOICES: Final = (Outcome.REJECTED.value, CLOSE)
_OTHERS: Final = N_("The number of these cases has changed. Look at the new number, and choose again.")


@router.post("/reviews/bulk")
async def ask_to_end_cases(
    request: Request, context: Context, session: ReviewSession, form: Form
) -> Response:
    """How many cases it is about, and for which reasons; nothing is done yet."""
    view = View.of({**form})
    case_ids = await _case_ids(form, view, context, session)
    return await _ask(request, context, session, case_ids, view=view)


@router.post("/reviews/bulk/end")
async def end_many_cases(request: Request, context: Context, session: ReviewSession, form: Form) -> Response:
    """Reject or close them; a case that another person works on stays."""
    view, draft = View.of({**form}), Draft.of(form)
    case_ids = await _case_ids(form, view, context, session)
    problem = _problem(draft)
    if problem:
        return await _ask(request, context, session, case_ids, view=view, draft=draft, problem=problem)
    what = Bulk(None if draft.choice == CLOSE else Outcome(draft.choice), draft.reasons)
    by, expected = by_of(request, context, session), read_number(form["expected"], default=-1)
    try:
        result = await end_cases(context.reviews, case_ids, by, what, expected=expected)
    except ConclusionRefused:
        return await _ask(request, context, session, case_ids, view=view, draft=draft, problem=_OTHERS)
    kept = sum(count for code, count in result.refused.items() if code != NoSuchCase.code)
    figures = {"ended": str(result.done), "kept": str(kept)}
    return RedirectResponse(with_query("/reviews", view.filters | figures), _SEE_OTHER)


def _problem(draft: Draft) -> str:
    """What is missing; many cases have no note that another reason could be in."""
    if draft.choice not in _CHOICES:
        return NO_CHOICE
    return NO_REASON if ReviewReason.OTHER in draft.reasons else draft.problem


async def _ask(
    request: Request,
    context: ConsoleContext,
    session: Session,
    case_ids: list[UUID],
    *,
    view: View,
    draft: Draft | None = None,
    problem: str = "",
) -> Response:
    return page(
        request,
        "reviews/bulk.html",
        status=422 if problem else 200,
        view=view,
        case_ids=case_ids,
        count=await count_cases(context.reviews, case_ids, by_of(request, context, session)),
        most=LONGEST_BULK,
        draft=draft or Draft(),
        choices=_CHOICES,
        reasons_for=reasons_for,
        problem=problem,
    )


async def _case_ids(form: Posted, view: View, context: ConsoleContext, session: Session) -> list[UUID]:
    """The chosen cases, or all that match the filters of the list; 500 at most."""
    if not form["every"]:
        return [read_id(text) for text in dict.fromkeys(form.all("case_id"))][:LONGEST_BULK]
    found = await context.reviews.page(filter_of(view, context, session), limit=LONGEST_BULK)
    return [each.case.id for each in found]
