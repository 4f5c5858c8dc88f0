"""Find the verifications of one person by ID number, which is in posted forms and never in a URL, for a
reason that the audit keeps first.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.identity.numbers import LONGEST, WrongNumber
from domain.identity.reading import LONGEST_REASON, ReadRefused
from domain.people.session import Session
from domain.views.persons import FoundVerification
from service.console.app.errors import NotFound
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.app.templates import page
from service.console.context import Context
from service.console.pages.verifications.problems import READ_PROBLEMS
from usecases.identity.read import MOST

router = APIRouter()

SCOPE: Final = "identity:number"
NumberReader = Annotated[Session, needs(SCOPE)]

_WRONG: Final = N_("This is no ID number: a digit is missing or wrong.")


@router.get("/verifications/by-number", dependencies=[needs(SCOPE)])
async def ask_for_number(request: Request) -> Response:
    """The form that asks for the number and the reason."""
    return show_form(request)


@router.post("/verifications/by-number")
async def find_by_number(request: Request, context: Context, session: NumberReader, form: Form) -> Response:
    """The newest verifications with this ID number, in the apps where the person may read numbers."""
    number, reason = form["id_number"][:LONGEST], form["reason"][:LONGEST_REASON]
    app_ids, actor = apps_of(session, SCOPE, context.app_ids), actor_of(request, session)
    if not app_ids:
        raise NotFound
    try:
        found = await context.identity.search(app_ids, number, actor=actor, reason=reason)
    except WrongNumber:
        return show_form(request, number=number, reason=reason, problem=_WRONG, status=422)
    except ReadRefused as error:
        status, problem = READ_PROBLEMS[type(error)]
        return show_form(request, number=number, reason=reason, problem=problem, status=status)
    return _show_found(request, found)


def show_form(
    request: Request, *, number: str = "", reason: str = "", problem: str = "", status: int = 200
) -> Response:
    """The form with what was typed."""
    values = {"number": number, "reason": reason, "problem": problem}
    return page(request, "by_number.html", status=status, found=None, **values)


def _show_found(request: Request, found: Sequence[FoundVerification]) -> Response:
    return page(request, "by_number.html", found=found, most=MOST)
