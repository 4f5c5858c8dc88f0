"""Sign in by password or by a one-time link, and sign out."""

from string import punctuation
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.people.entry import Origin
from domain.people.errors import (
    LinkInvalid,
    PasswordRefused,
    ProviderAway,
    ProviderRefused,
    SignInFailed,
    TooManySignIns,
)
from service.console.app.cookies import (
    FORM,
    PROVIDER,
    SESSION,
    delete_cookie,
    may_keep_cookies,
    read_cookie,
    set_cookie,
)
from service.console.app.errors import NotFound, https_needed
from service.console.app.forms.posted import Form, OpenForm, new_form_token
from service.console.app.languages import N_, language_of
from service.console.app.paths.places import HOME, local_path
from service.console.app.sessions import Signed
from service.console.app.templates import page
from service.console.app.words.people import PASSWORDS_DIFFER, PASSWORDS_REFUSED, TOO_MANY
from service.console.context import Context

router = APIRouter()

_SEE_OTHER: Final = 303
_LONGEST_KEPT: Final = 2000
_FAILED: Final = N_("The name, the password or the code is not right.")
_LINK_GONE: Final = N_("This link was used already or has ended. Ask an admin for another one.")
_PROVIDER_AWAY: Final = N_("The identity provider cannot be reached right now. Try again in a moment.")
_PROVIDER_REFUSED: Final = N_("The identity provider's answer gives you no role here. Ask an admin.")


@router.get("/login")
async def show_sign_in(request: Request, context: Context, link: str = "", next: str = "/") -> Response:  # noqa: A002
    """The form for a password, or for a one-time link, which looking at does not use up."""
    if not may_keep_cookies(request):
        return https_needed(request)
    if link:
        return await _show_link(request, context, link)
    return _show_form(request, context, back=local_path(next))


@router.post("/login")
async def sign_in(request: Request, context: Context, form: OpenForm) -> Response:
    """Open a session by password and code."""
    back, name = local_path(form["next"]), form["name"]
    try:
        cookie = await context.sign_ins.by_password(
            name, form.raw("password"), form["code"], origin=_origin(request)
        )
    except SignInFailed:
        return _show_form(request, context, back=back, name=name, problem=_FAILED, status=401)
    except TooManySignIns as error:
        return _too_many(
            _show_form(request, context, back=back, name=name, problem=TOO_MANY, status=429), error
        )
    return _enter(request, cookie, back)


@router.post("/login/link")
async def sign_in_by_link(request: Request, context: Context, form: OpenForm) -> Response:
    """Use a one-time link; an invitation also sets the password."""
    link = form["link"]
    if form.raw("password") != form.raw("again"):
        return await _show_link(request, context, link, problem=PASSWORDS_DIFFER)
    try:
        cookie = await context.sign_ins.by_link(
            link, password=form.raw("password") or None, origin=_origin(request)
        )
    except PasswordRefused as error:
        return await _show_link(request, context, link, problem=PASSWORDS_REFUSED[error.code])
    except TooManySignIns as error:
        return _too_many(await _show_link(request, context, link, problem=TOO_MANY), error)
    except (LinkInvalid, SignInFailed):
        return _show_form(request, context, problem=_LINK_GONE, status=410)
    return _enter(request, cookie, "/")


@router.get("/login/oidc")
async def begin_at_provider(request: Request, context: Context, next: str = "/") -> Response:  # noqa: A002
    """Go to the identity provider. The browser keeps what binds the answer to it, for ten minutes."""
    if context.provider is None:
        raise NotFound
    if not may_keep_cookies(request):
        return https_needed(request)
    try:
        secret, address = await context.provider.begin()
    except ProviderAway:
        return _show_form(request, context, problem=_PROVIDER_AWAY, status=503)
    answer = RedirectResponse(address, _SEE_OTHER)
    # The way back comes from another site, which a strict cookie would not survive.
    set_cookie(answer, request, PROVIDER, secret + _kept(next), same_site="lax", seconds=600)
    return answer


@router.get("/login/oidc/back")
async def return_from_provider(
    request: Request, context: Context, state: str = "", code: str = ""
) -> Response:
    """Sign in with what the identity provider sent back."""
    if context.provider is None:
        raise NotFound
    secret, slash, back = (read_cookie(request, PROVIDER) or "").partition("/")
    try:
        cookie = await context.provider.finish(secret, state=state, code=code, origin=_origin(request))
    except TooManySignIns as error:
        answer = _too_many(_show_form(request, context, problem=TOO_MANY, status=429), error)
    except (ProviderRefused, SignInFailed):
        answer = _show_form(request, context, problem=_PROVIDER_REFUSED, status=403)
    except ProviderAway:
        answer = _show_form(request, context, problem=_PROVIDER_AWAY, status=503)
    else:
        # A page of ours that goes on by itself: a redirect would still count as the other site's.
        answer = page(request, "entered.html", back=local_path(slash + back))
        set_cookie(answer, request, SESSION, cookie)
    delete_cookie(answer, request, PROVIDER)
    return answer


@router.post("/logout")
async def sign_out(request: Request, context: Context, session: Signed, _form: Form) -> Response:
    """End the session."""
    await context.sessions.close(session, address=_origin(request).address)
    answer = RedirectResponse("/login", _SEE_OTHER)
    delete_cookie(answer, request, SESSION)
    return answer


def _kept(text: str) -> str:
    """The path in `text` as a cookie can hold it; the home page in place of one that is too long."""
    path = quote(local_path(text), safe=punctuation)
    return path if len(path) <= _LONGEST_KEPT else HOME


def _enter(request: Request, cookie: str, to: str) -> Response:
    answer = RedirectResponse(to, _SEE_OTHER)
    set_cookie(answer, request, SESSION, cookie)
    delete_cookie(answer, request, FORM)
    return answer


def _origin(request: Request) -> Origin:
    return Origin(
        address=request.client.host if request.client else None,
        cookie=read_cookie(request, SESSION),
        language=language_of(request),
    )


async def _show_link(request: Request, context: Context, link: str, *, problem: str = "") -> Response:
    try:
        found = await context.sign_ins.find_link(link, origin=_origin(request))
    except TooManySignIns as error:
        return _too_many(_show_form(request, context, problem=TOO_MANY, status=429), error)
    except LinkInvalid:
        return _show_form(request, context, problem=_LINK_GONE, status=410)
    token = read_cookie(request, FORM) or new_form_token()
    answer = page(request, "link.html", form_token=token, link=link, found=found, problem=problem)
    return _with_token(answer, request, token)


def _show_form(
    request: Request,
    context: Context,
    *,
    back: str = "/",
    name: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    token = read_cookie(request, FORM) or new_form_token()
    answer = page(
        request,
        "login.html",
        status=status,
        form_token=token,
        back=back,
        name=name,
        problem=problem,
        provider=context.provider_title if context.provider else "",
        with_passwords=context.sign_ins.with_passwords,
    )
    return _with_token(answer, request, token)


def _with_token(answer: Response, request: Request, token: str) -> Response:
    set_cookie(answer, request, FORM, token)
    return answer


def _too_many(answer: Response, error: TooManySignIns) -> Response:
    answer.headers["retry-after"] = str(max(1, round(error.retry_after)))
    return answer
