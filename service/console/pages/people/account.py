"""The account of who is signed in: password, second factor and sessions."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.people.errors import PasswordRefused, SignInFailed, TooManySignIns
from domain.people.session import Session
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import read_id, read_secret
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.sessions import Signed, actor_of
from service.console.app.templates import page
from service.console.app.words.people import (
    ACCOUNT_DONE,
    PASSWORDS_DIFFER,
    PASSWORDS_REFUSED,
    TOO_MANY,
)
from service.console.charts.qr_codes import qr_code
from service.console.context import ConsoleContext, Context
from usecases.people.own_account import NewCode

router = APIRouter()

_SEE_OTHER: Final = 303
_WRONG: Final = N_("The password is wrong.")
_WRONG_CODE: Final = N_("The password or the code is wrong. A code is valid for 30 seconds.")


@router.get("/account")
async def show_account(request: Request, context: Context, session: Signed, done: str = "") -> Response:
    """What belongs to the person, and what can be changed."""
    return await _show(request, context, session, done=ACCOUNT_DONE.get(done, ""))


@router.post("/account/password")
async def change_my_password(request: Request, context: Context, session: Signed, form: Form) -> Response:
    """Replace the password; the other sessions end."""
    _check_passwords(context)
    if form.raw("new") != form.raw("again"):
        return await _show(request, context, session, problem=PASSWORDS_DIFFER, status=422)
    try:
        await context.people.account.change_password(
            session, form.raw("old"), form.raw("new"), address=actor_of(request, session).address
        )
    except PasswordRefused as error:
        return await _show(request, context, session, problem=PASSWORDS_REFUSED[error.code], status=422)
    except SignInFailed:
        return await _show(request, context, session, problem=_WRONG, status=403)
    except TooManySignIns as error:
        return _too_many(await _show(request, context, session, problem=TOO_MANY, status=429), error)
    return _back("password")


@router.get("/account/code")
async def ask_for_code(request: Request, context: Context, session: Signed) -> Response:
    """A new secret as a QR code and as text. It counts once a code of it has come back."""
    _check_passwords(context)
    return _show_code(request, context.people.account.new_code(session))


@router.post("/account/code")
async def set_my_code(request: Request, context: Context, session: Signed, form: Form) -> Response:
    """Set up the second factor, with the first code of the new secret."""
    _check_passwords(context)
    account, secret = context.people.account, read_secret(form["secret"])
    try:
        address = actor_of(request, session).address
        await account.set_code(session, form.raw("password"), secret, form["code"], address=address)
    except SignInFailed:
        return _show_code(request, account.code_of(session, secret), problem=_WRONG_CODE, status=403)
    except TooManySignIns as error:
        shown = _show_code(request, account.code_of(session, secret), problem=TOO_MANY, status=429)
        return _too_many(shown, error)
    return _back("code")


@router.post("/account/code/remove")
async def remove_my_code(request: Request, context: Context, session: Signed, form: Form) -> Response:
    """Remove the second factor."""
    _check_passwords(context)
    try:
        address = actor_of(request, session).address
        await context.people.account.remove_code(session, form.raw("password"), address=address)
    except SignInFailed:
        return await _show(request, context, session, problem=_WRONG, status=403)
    except TooManySignIns as error:
        return _too_many(await _show(request, context, session, problem=TOO_MANY, status=429), error)
    return _back("removed")


@router.post("/account/sessions/end")
async def end_my_sessions(request: Request, context: Context, session: Signed, form: Form) -> Response:
    """End one session, or all but this one. A session that has ended already stays ended."""
    account, address = context.people.account, actor_of(request, session).address
    if form["id"] == "others":
        await account.end_others(session, address=address)
    else:
        await account.end_session(session, read_id(form["id"]), address=address)
    return _back("session")


def _check_passwords(context: ConsoleContext) -> None:
    """Raises NotFound: persons sign in at an identity provider, which has their passwords."""
    if not context.sign_ins.with_passwords:
        raise NotFound


async def _show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    *,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    account, with_passwords = context.people.account, context.sign_ins.with_passwords
    return page(
        request,
        "people/account.html",
        status=status,
        sessions=await account.sessions(session),
        with_passwords=with_passwords,
        has_code=with_passwords and await account.has_code(session),
        problem=problem,
        done=done,
    )


def _show_code(request: Request, new: NewCode, *, problem: str = "", status: int = 200) -> Response:
    values = {"secret": new.secret, "picture": qr_code(new.address), "problem": problem}
    return page(request, "people/code.html", status=status, **values)


def _too_many(answer: Response, error: TooManySignIns) -> Response:
    answer.headers["retry-after"] = str(max(1, round(error.retry_after)))
    return answer


def _back(done: str) -> Response:
    return RedirectResponse(f"/account?done={done}", _SEE_OTHER)
