"""Persons: the list, an invitation, one person with roles, link, state, sessions and personal tokens."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.people.errors import (
    LastAdmin,
    NameRefused,
    NameTaken,
    NoSuchPerson,
    NoSuchPersonalToken,
    NotPermitted,
)
from domain.people.managing import check_manages
from domain.people.person import Person
from domain.people.roles import Grant, Role
from domain.people.session import Session
from service.console.app.cookies import known_origin
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import read_id, read_word
from service.console.app.forms.posted import Form, Posted
from service.console.app.languages import N_
from service.console.app.paths.places import person_path
from service.console.app.paths.views import with_query
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from usecases.people.invite import Invited

router = APIRouter()

PAGE: Final = 50
_TOKENS: Final = 50
_SCOPE: Final = "people"
_SEE_OTHER: Final = 303
_LIFE: Final = timedelta(hours=24)
Admin = Annotated[Session, needs(_SCOPE)]

_PROBLEMS: Final = {
    NameRefused: N_("A login name has 1 to 64 of a-z 0-9 . _ @ + - and begins with a letter or a digit."),
    NameTaken: N_(
        "There is a person with this name already. If you sent this form twice, the first one counts."
    ),
    NotPermitted: N_("You may give, take and manage only what belongs to your apps."),
    LastAdmin: N_("This is the last active admin of every app, so nothing was changed."),
    NoSuchPersonalToken: N_("There is no such token any more."),
}
_NO_ROLE: Final = N_("Choose a role, and an app that you manage.")
_DISABLED: Final = N_("This person is disabled. Enable the person first.")


@router.get("/people")
async def list_people(request: Request, context: Context, session: Admin, after: str = "") -> Response:
    """Persons by name, with the roles that concern the apps of who looks."""
    found = await context.people.desk.page(limit=PAGE + 1, after=after[:64] or None)
    return page(
        request,
        "people/list.html",
        people=[person for person in found[:PAGE] if _is_seen(session, person)],
        grants_of=lambda person: _seen_grants(session, person),
        next=with_query("/people", {"after": found[PAGE - 1].name}) if len(found) > PAGE else "",
    )


@router.get("/people/invite")
async def ask_for_person(request: Request, context: Context, session: Admin) -> Response:
    """The form of an invitation."""
    return _invitation(request, context, session)


@router.post("/people/invite")
async def invite_person(request: Request, context: Context, session: Admin, form: Form) -> Response:
    """Add a person and show the one-time link once."""
    grant = _grant(form, session, context)
    if grant is None:
        return _invitation(request, context, session, form, problem=_NO_ROLE)
    try:
        made = await context.people.invitations.add(
            form["name"],
            [grant],
            actor=actor_of(request, session),
            rights=session.rights,
            life=_LIFE,
        )
    except (NameRefused, NameTaken, NotPermitted) as error:
        return _invitation(request, context, session, form, problem=_PROBLEMS[type(error)])
    return _link(request, made)


@router.get("/people/of/{name}")
async def show_person(request: Request, context: Context, session: Admin, name: str) -> Response:
    """One person."""
    return await _show(request, context, session, await _find(context, session, name))


@router.post("/people/of/{name}/link")
async def make_link(request: Request, context: Context, session: Admin, name: str, form: Form) -> Response:
    """Make another one-time link, which ends the earlier ones, and show it once."""
    person = await _find(context, session, name)
    try:
        made = await context.people.invitations.again(
            person.name,
            actor=actor_of(request, session),
            rights=session.rights,
            life=_LIFE,
            without_code=form["without_code"] == "yes",
        )
    except NoSuchPerson:
        return await _show(request, context, session, person, problem=_DISABLED)
    except NotPermitted as error:
        return await _show(request, context, session, person, problem=_PROBLEMS[type(error)])
    return _link(request, made)


@router.post("/people/of/{name}/roles")
async def change_roles(request: Request, context: Context, session: Admin, name: str, form: Form) -> Response:
    """Give a role, or take one away. What is so already stays."""
    person, grant = await _find(context, session, name), _grant(form, session, context)
    if grant is None:
        return await _show(request, context, session, person, problem=_NO_ROLE)
    desk = context.people.desk
    change = desk.revoke if form["do"] == "revoke" else desk.grant
    try:
        await change(person.name, [grant], actor=actor_of(request, session), rights=session.rights)
    except (NotPermitted, LastAdmin) as error:
        return await _show(request, context, session, person, problem=_PROBLEMS[type(error)])
    if person.id == session.person.id:
        # The role that opens the page of this person may be the one that is gone.
        return RedirectResponse("/account?done=roles", _SEE_OTHER)
    return _back(person, "roles")


@router.get("/people/of/{name}/disable")
async def ask_to_disable_person(request: Request, context: Context, session: Admin, name: str) -> Response:
    """What disabling means."""
    return page(request, "people/disable.html", person=await _find(context, session, name))


@router.post("/people/of/{name}/state")
async def change_state(request: Request, context: Context, session: Admin, name: str, form: Form) -> Response:
    """Disable a person, enable one, or end the sessions."""
    person, desk = await _find(context, session, name), context.people.desk
    change = {"disable": desk.disable, "enable": desk.enable, "end_sessions": desk.end_sessions}.get(
        form["do"]
    )
    if change is None:
        raise NotFound
    try:
        await change(person.name, actor=actor_of(request, session), rights=session.rights)
    except (NotPermitted, LastAdmin) as error:
        return await _show(request, context, session, person, problem=_PROBLEMS[type(error)])
    return _back(person, form["do"])


@router.post("/people/of/{name}/tokens/{token_id}/revoke")
async def revoke_token_of(
    request: Request, context: Context, session: Admin, name: str, token_id: str, form: Form
) -> Response:
    """Ask first, then revoke a personal token of this person."""
    person = await _find(context, session, name)
    if form["sure"] != "yes":
        return page(request, "people/token_revoke.html", name=form["name"], back=person_path(person.name))
    try:
        check_manages(session.rights, person)
        await context.people.tokens.revoke(
            read_id(token_id), actor=actor_of(request, session), person_id=person.id
        )
    except (NotPermitted, NoSuchPersonalToken) as error:
        return await _show(request, context, session, person, problem=_PROBLEMS[type(error)])
    return _back(person, "token")


async def _find(context: ConsoleContext, session: Session, name: str) -> Person:
    """The person, if the apps of who looks have to do with it. Raises NotFound."""
    try:
        person = await context.people.desk.find(name)
    except NoSuchPerson:
        raise NotFound from None
    if not _is_seen(session, person):
        raise NotFound
    return person


def _seen_grants(session: Session, person: Person) -> list[Grant]:
    """The roles that concern the apps which `session` manages; all for an admin of every app."""
    apps = session.rights.apps_for([_SCOPE])
    return [grant for grant in person.grants if apps is None or grant.app_id is None or grant.app_id in apps]


def _is_seen(session: Session, person: Person) -> bool:
    return session.rights.apps_for([_SCOPE]) is None or bool(_seen_grants(session, person))


def _manages(session: Session, person: Person) -> bool:
    try:
        check_manages(session.rights, person)
    except NotPermitted:
        return False
    return True


async def _show(
    request: Request, context: ConsoleContext, session: Session, person: Person, *, problem: str = ""
) -> Response:
    manages = _manages(session, person)
    return page(
        request,
        "people/person.html",
        status=409 if problem else 200,
        person=person,
        grants=_seen_grants(session, person),
        manages=manages,
        tokens=await context.people.tokens.page(person.id, limit=_TOKENS) if manages else [],
        roles=list(Role),
        app_ids=apps_of(session, _SCOPE, context.app_ids),
        may_give_everywhere=session.rights.apps_for([_SCOPE]) is None,
        problem=problem,
        done=request.query_params.get("done", ""),
    )


def _invitation(
    request: Request,
    context: ConsoleContext,
    session: Session,
    form: Posted | None = None,
    *,
    problem: str = "",
) -> Response:
    fields = {name: "" if form is None else form[name] for name in ("name", "role", "app")}
    return page(
        request,
        "people/invite.html",
        status=422 if problem else 200,
        fields=fields,
        roles=list(Role),
        app_ids=apps_of(session, _SCOPE, context.app_ids),
        may_give_everywhere=session.rights.apps_for([_SCOPE]) is None,
        problem=problem,
    )


def _grant(form: Posted, session: Session, context: ConsoleContext) -> Grant | None:
    """The grant that a form names. `app`: `*` for every app."""
    role, app_id = read_word(Role, form["role"]), form["app"]
    if role is None:
        return None
    if app_id == "*":
        return Grant(role)
    return Grant(role, app_id) if app_id in apps_of(session, _SCOPE, context.app_ids) else None


def _link(request: Request, made: Invited) -> Response:
    origin = known_origin(request)
    link = f"{origin or ''}{with_query('/login', {'link': made.link})}"
    return page(request, "people/link.html", made=made, link=link, is_whole=origin is not None)


def _back(person: Person, done: str) -> Response:
    return RedirectResponse(with_query(person_path(person.name), {"done": done}), _SEE_OTHER)
