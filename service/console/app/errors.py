"""What can be wrong with a request, and the page that says so; no page repeats what is secret."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from domain.errors import GatewayError, RefusedValue, ServerAway
from service.console.app.fields import fields_of
from service.console.app.languages import N_
from service.console.app.paths.places import sign_in_path
from service.console.app.templates import page

log = structlog.get_logger(__name__)


class ConsoleError(Exception):
    """A page that cannot be shown, or a form that cannot be done."""


class NotSignedIn(ConsoleError):
    """The browser has no valid session."""


class Forbidden(ConsoleError):
    """The person lacks the right."""


class NotFound(ConsoleError):
    """There is no such thing, or the person may not see it."""


class StaleForm(ConsoleError):
    """The form was not sent by a page of this session. `typed` is shown again, so that nothing is lost."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        super().__init__()
        self.typed = typed


class Notice(NamedTuple):
    """The texts of an error page."""

    status: int
    title: str
    text: str


_FORBIDDEN: Final = Notice(
    403,
    N_("You may not do this"),
    N_("Your roles do not include this page or action. An admin can change that."),
)
_NOT_FOUND: Final = Notice(
    404, N_("Not found"), N_("This page does not exist, or it belongs to an app that you may not see.")
)
_INVALID: Final = Notice(
    422, N_("The request is not valid"), N_("A filter or a field has a value that is not allowed here.")
)
_AWAY: Final = Notice(
    503,
    N_("A server is away"),
    N_(
        "PostgreSQL, Redis, or a store of keys or pictures cannot be reached right now. "
        "Try again in a moment."
    ),
)
_DEFECT: Final = Notice(
    500, N_("Something went wrong"), N_("The console has a defect here; the log says more. Try again later.")
)
_OF_STATUS: Final = {
    404: _NOT_FOUND,
    405: Notice(405, N_("Not possible here"), N_("This address does not take that kind of request.")),
    413: Notice(413, N_("Too large"), N_("What you sent is larger than this page takes.")),
}
_STALE: Final = Notice(
    403,
    N_("This form is out of date"),
    N_(
        "Nothing was changed: the form belongs to another session, or it came from another site. "
        "Open the page again."
    ),
)
_ENDED: Final = Notice(
    403,
    N_("Your session has ended"),
    N_("Nothing was changed. Sign in again, open the page and send the form once more."),
)
_HTTPS: Final = Notice(
    403,
    N_("HTTPS is needed"),
    N_(
        "A browser keeps a session only over HTTPS or on the gateway's machine. "
        "Put a proxy with TLS in front."
    ),
)


def https_needed(request: Request) -> Response:
    """The answer to a sign-in over plain HTTP from another machine."""
    return _notice(request, _HTTPS)


def install_error_pages(app: FastAPI) -> None:
    """Answer every error with a page."""
    app.add_exception_handler(NotSignedIn, _ask_to_sign_in)
    app.add_exception_handler(Forbidden, _page_of(_FORBIDDEN))
    app.add_exception_handler(NotFound, _page_of(_NOT_FOUND))
    app.add_exception_handler(StaleForm, _answer_stale)
    app.add_exception_handler(RequestValidationError, _page_of(_INVALID))
    app.add_exception_handler(RefusedValue, _page_of(_INVALID))
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(ServerAway, _answer_away)
    app.add_exception_handler(Exception, _answer_defect)


def install_notice(app: FastAPI, error: type[GatewayError], notice: Notice) -> None:
    """Answer an error of a use case with these texts, unless a page handles it itself."""
    app.add_exception_handler(error, _page_of(notice))


async def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    is_read = request.method == "GET"
    query = f"?{request.url.query}" if request.url.query else ""
    to = sign_in_path(request.url.path + query) if is_read else sign_in_path("/")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": to})
    if is_read:
        return RedirectResponse(to, 303)
    form = await fields_of(request)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return _stale(request, typed, _ENDED)


async def _answer_stale(request: Request, error: Exception) -> Response:
    assert isinstance(error, StaleForm)  # noqa: S101 - Starlette types every handler alike
    return _stale(request, error.typed)


def _stale(request: Request, typed: Mapping[str, str], notice: Notice = _STALE) -> Response:
    texts = {name: text for name, text in typed.items() if name in _TYPED and text}
    return _notice(request, notice, typed=texts, has_ended=notice is _ENDED)


_TYPED: Final = frozenset({"note", "reason"})
"""Fields with a text that took somebody time."""


async def _answer_http(request: Request, error: Exception) -> Response:
    return _notice(request, _OF_STATUS.get(getattr(error, "status_code", 500), _INVALID))


async def _answer_away(request: Request, error: Exception) -> Response:
    log.warning("console.unavailable", error=getattr(error, "kind", None))
    answer = _notice(request, _AWAY)
    if request.method == "POST" and request.headers.get("hx-request"):
        # What is on the page stays, with what was typed; htmx asks again later.
        answer.headers["hx-reswap"] = "none"
    return answer


async def _answer_defect(request: Request, error: Exception) -> Response:
    log.error("console.failed", exc_info=error)
    return _notice(request, _DEFECT)


def _page_of(notice: Notice) -> Any:
    async def answer(request: Request, _error: Exception) -> Response:
        return _notice(request, notice)

    return answer


def _notice(request: Request, notice: Notice, **more: object) -> Response:
    values = {"typed": {}, "has_ended": False, **more}
    return page(request, "error.html", status=notice.status, notice=notice, **values)
