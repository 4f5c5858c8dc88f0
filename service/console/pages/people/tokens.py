"""Tokens: a person's personal ones, and those of programs, which admins revoke."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.errors import NameRefused, NoSuchPerson, NoSuchPersonalToken, OutOfBounds, ScopeRefused
from domain.people.session import Session
from domain.views.tokens import ApiToken
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import read_id, read_number
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.sessions import Signed, actor_of, needs
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context

router = APIRouter()

_SEE_OTHER: Final = 303
_SHOWN: Final = 50
_SCOPE: Final = "people"
DAYS: Final = (90, 30, 7, 1, 365)
"""How long a personal token may live; the first is the default."""
Admin = Annotated[Session, needs(_SCOPE)]

_REFUSED: Final = N_("A token has a visible name of 1 to 64 characters, and scopes that you have.")
_GONE: Final = N_("There is no such token any more.")


@router.get("/tokens")
async def list_my_tokens(request: Request, context: Context, session: Signed) -> Response:
    """The personal tokens of who is signed in."""
    return await _show_mine(request, context, session)


@router.post("/tokens")
async def create_my_token(request: Request, context: Context, session: Signed, form: Form) -> Response:
    """Create a personal token and show it once; one with the same name is replaced."""
    scopes = form.all("scope")
    if not set(scopes) <= set(_scopes_of(session)):
        # Without scopes a token has all rights of the person: never drop one silently.
        return await _show_mine(request, context, session, problem=_REFUSED, status=422)
    days = read_number(form["days"], default=DAYS[0], least=1, most=max(DAYS))
    try:
        token = await context.people.tokens.create(
            session.person.id,
            form["name"],
            actor=actor_of(request, session),
            scopes=scopes or None,
            life=timedelta(days=days),
        )
    except (NameRefused, ScopeRefused, OutOfBounds, NoSuchPerson):
        return await _show_mine(request, context, session, problem=_REFUSED, status=422)
    return page(request, "people/token.html", status=201, name=form["name"], token=token)


@router.post("/tokens/{token_id}/revoke")
async def revoke_my_token(
    request: Request, context: Context, session: Signed, token_id: str, form: Form
) -> Response:
    """Ask first, then revoke a personal token of one's own."""
    if form["sure"] != "yes":
        return page(request, "people/token_revoke.html", name=form["name"], back="/tokens")
    try:
        await context.people.tokens.revoke(
            read_id(token_id), actor=actor_of(request, session), person_id=session.person.id
        )
    except NoSuchPersonalToken:
        return await _show_mine(request, context, session, problem=_GONE, status=404)
    return RedirectResponse("/tokens?done=yes", _SEE_OTHER)


@router.get("/people/api-tokens")
async def list_api_tokens(request: Request, context: Context, session: Admin) -> Response:
    """The tokens of programs whose apps the person manages, all of them."""
    return page(
        request,
        "people/api_tokens.html",
        tokens=[token for token in await context.people.api_tokens.all() if _manages(session, token)],
        is_done=request.query_params.get("done") == "yes",
    )


@router.post("/people/api-tokens/revoke")
async def revoke_api_token(request: Request, context: Context, session: Admin, form: Form) -> Response:
    """Ask first, then revoke the token of a program, which is refused from then on."""
    found = [each for each in await context.people.api_tokens.all() if each.name == form["name"]]
    if not found or not _manages(session, found[0]):
        raise NotFound
    if form["sure"] != "yes":
        return page(request, "people/api_token_revoke.html", token=found[0])
    row = AuditRow.by(actor_of(request, session), Action.TOKEN_REVOKED, subject=found[0].name)
    await context.people.api_tokens.revoke(found[0].name, audit=row)
    return RedirectResponse("/people/api-tokens?done=yes", _SEE_OTHER)


async def _show_mine(
    request: Request, context: ConsoleContext, session: Session, *, problem: str = "", status: int = 200
) -> Response:
    return page(
        request,
        "people/my_tokens.html",
        status=status,
        tokens=await context.people.tokens.page(session.person.id, limit=_SHOWN),
        scopes=_scopes_of(session),
        days=DAYS,
        problem=problem,
        is_done=request.query_params.get("done") == "yes",
    )


def _scopes_of(session: Session) -> list[str]:
    return sorted(scope for scope in session.rights.apps_of if session.rights.has(scope))


def _manages(session: Session, token: ApiToken) -> bool:
    """Whether the person manages every app that the token covers."""
    apps = session.rights.apps_for([_SCOPE])
    return apps is None or (token.apps is not None and set(token.apps) <= apps)
