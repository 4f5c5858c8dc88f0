"""Errors of the API's endpoints, and the one place that turns errors into problems."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from domain.errors import NoToken, RedisFull, RefusedValue, ServerAway, VendorUnavailable
from service.problems import answer_http_error, refusal

log = structlog.get_logger(__name__)


class ApiProblem(Exception):
    """An endpoint's refusal, by a code of `service.problems`.

    `detail` is for the one who asked, `retry_after` the seconds until asking again may help.
    """

    def __init__(self, code: str, *, detail: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error as a problem; none repeats what the client sent."""
    app.add_exception_handler(ApiProblem, _answer_problem)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(NoToken, _answer_no_token)
    app.add_exception_handler(RedisFull, _answer_full)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(ServerAway, _answer_away)
    app.add_exception_handler(RefusedValue, _answer_refused_value)
    app.add_exception_handler(Exception, _answer_defect)


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)  # noqa: S101 - Starlette types every handler alike
    more: dict[str, Any] = {} if error.detail is None else {"detail": error.detail}
    return refusal(error.code, retry_after=error.retry_after, **more)


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """The client hung up: whatever is answered goes nowhere."""
    return Response(status_code=400)


async def _answer_no_token(_request: Request, error: Exception) -> Response:
    """The vendor's word is told on: it is one of a list, or says nothing but the status."""
    assert isinstance(error, NoToken)  # noqa: S101 - as above
    code = "vendor_unavailable" if isinstance(error, VendorUnavailable) else "vendor_refused"
    log.warning("verification.not_ordered", code=code, error=error.word)
    argument: dict[str, Any] = {} if error.argument is None else {"argument": error.argument}
    return refusal(code, vendor_error=error.word, **argument)


async def _answer_full(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RedisFull)  # noqa: S101 - as above
    return refusal("redis_full", retried=error.retried)


async def _answer_invalid(_request: Request, error: Exception) -> Response:
    """Which parameter is wrong and how, without its value (FastAPI's own answer would echo it)."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    problems: Sequence[dict[str, object]] = error.errors()
    errors = [{"where": _where(item), "what": item["type"]} for item in problems]
    return refusal("invalid_request", errors=errors)


def _where(item: dict[str, object]) -> str:
    loc = item["loc"]
    parts = loc if isinstance(loc, tuple) else (loc,)
    # The name of a parameter that we do not know is the client's own word.
    known = parts[:-1] if item["type"] == "extra_forbidden" else parts
    return ".".join(map(str, known))


async def _answer_refused_value(_request: Request, _error: Exception) -> Response:
    """The client sent a value that PostgreSQL cannot hold."""
    return refusal("invalid_request", errors=[])


async def _answer_away(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ServerAway)  # noqa: S101 - as above
    log.warning("api.unavailable", error=error.kind)
    return refusal("unavailable")


async def _answer_defect(_request: Request, error: Exception) -> Response:
    log.error("api.failed", exc_info=error)
    return refusal("internal_error")
