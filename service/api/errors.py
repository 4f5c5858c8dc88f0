"""Errors of the api's endpoints, and the table that turns errors into problems."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, Final, NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from domain.errors import (
    AppNotConfigured,
    BrokenSeal,
    CursorExpired,
    EndpointNotEnabled,
    ExpiryOutOfBounds,
    GatewayError,
    NoSuchDelivery,
    NoSuchEndpoint,
    NoSuchLetter,
    NoToken,
    PullRefused,
    RedisFull,
    RefusedValue,
    RegistrationConflict,
    ServerAway,
    TooManyDeliveries,
    UnknownEventType,
    VendorUnavailable,
)
from domain.events.times import utc_text
from domain.events.webhooks.mistakes import EndpointRefused
from domain.identity.errors import ErasureRefused
from domain.identity.numbers import WrongNumber
from domain.identity.reading import ReadRefused, TooManyOrders
from domain.reviews.errors import (
    ClaimedByAnother,
    ConclusionRefused,
    EvidenceChanged,
    NoSuchCase,
    ReviewRefused,
)
from service.problems.problems import answer_http_error, refusal

log = structlog.get_logger(__name__)


class ApiProblem(Exception):
    """An endpoint's refusal, by a code of `service.problems.problems`.

    `detail` is for the client, `retry_after` the seconds until a retry may help.
    """

    def __init__(self, code: str, *, detail: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


_UNKNOWN_TYPE: Final = {"where": "query.type", "what": "unknown_event_type"}
_OUT_OF_BOUNDS: Final = {"where": "body.expires_at", "what": "out_of_bounds"}


class _Problem(NamedTuple):
    """A code of `service.problems.problems`, with further arguments for `refusal`."""

    code: str
    fields: Mapping[str, Any] = {}


def _no_token(code: str, error: NoToken) -> _Problem:
    """The answer contains the vendor's error, which is from a fixed list or contains only the status."""
    argument = {} if error.argument is None else {"argument": error.argument}
    return _Problem(code, {"vendor_error": error.word} | argument)


def _refused_pull(error: PullRefused) -> _Problem:
    if error.retry_after is None:
        return _Problem(error.code)
    return _Problem(error.code, {"retry_after": max(1, ceil(error.retry_after.total_seconds()))})


_PROBLEM_OF: Final[Mapping[type[GatewayError], Callable[[Any], _Problem]]] = {
    AppNotConfigured: lambda _: _Problem("app_not_configured"),
    BrokenSeal: lambda _: _Problem("unreadable"),
    CursorExpired: lambda error: _Problem("cursor_expired", {"deleted_to": error.deleted_to}),
    EndpointNotEnabled: lambda _: _Problem("endpoint_not_enabled"),
    ErasureRefused: lambda refused: _Problem(refused.code),
    EndpointRefused: lambda refused: _Problem(refused.code),
    ExpiryOutOfBounds: lambda _: _Problem("invalid_request", {"errors": [_OUT_OF_BOUNDS]}),
    NoSuchDelivery: lambda _: _Problem("not_found"),
    NoSuchEndpoint: lambda _: _Problem("not_found"),
    NoSuchLetter: lambda _: _Problem("not_found"),
    NoToken: partial(_no_token, "vendor_refused"),
    PullRefused: _refused_pull,
    RedisFull: lambda full: _Problem("redis_full", {"retried": full.retried}),
    # The client sent a value that PostgreSQL cannot hold.
    RefusedValue: lambda _: _Problem("invalid_request", {"errors": []}),
    ReadRefused: lambda error: _Problem(error.code),
    TooManyDeliveries: lambda error: _Problem(
        "too_many_deliveries", {"ended_before": utc_text(error.ended_before)}
    ),
    TooManyOrders: lambda _: _Problem("number_limit"),
    WrongNumber: lambda error: _Problem(error.code),
    ReviewRefused: lambda error: _Problem(error.code),
    NoSuchCase: lambda _: _Problem("not_found"),
    ClaimedByAnother: lambda error: _Problem(
        error.code, {"by": error.name, "lease_until": utc_text(error.lease_until)}
    ),
    ConclusionRefused: lambda error: _Problem(error.code, {"detail": str(error)}),
    EvidenceChanged: lambda error: _Problem(
        error.code, {"changed": list(error.what), "evidence_hash": error.evidence_hash}
    ),
    RegistrationConflict: lambda _: _Problem("registration_conflict"),
    ServerAway: lambda _: _Problem("unavailable"),
    UnknownEventType: lambda _: _Problem("invalid_request", {"errors": [_UNKNOWN_TYPE]}),
    VendorUnavailable: partial(_no_token, "vendor_unavailable"),
}
"""The problem for each error of the use cases and the stores; the nearest base class counts."""


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error as a problem; none repeats what the client sent."""
    app.add_exception_handler(ApiProblem, _answer_problem)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error)
    for known in _PROBLEM_OF:
        app.add_exception_handler(known, _answer_known)
    app.add_exception_handler(Exception, _answer_defect)


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)  # noqa: S101 - Starlette types every handler alike
    more: dict[str, Any] = {} if error.detail is None else {"detail": error.detail}
    return refusal(error.code, retry_after=error.retry_after, **more)


async def _answer_known(_request: Request, error: Exception) -> Response:
    kind = next(base for base in type(error).__mro__ if base in _PROBLEM_OF)
    code, fields = _PROBLEM_OF[kind](error)
    if isinstance(error, ServerAway):
        log.warning("api.unavailable", error=error.kind)
    elif isinstance(error, NoToken):
        log.warning("verification.not_ordered", code=code, error=error.word)
    return refusal(code, **fields)


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """The client has disconnected, so the answer goes nowhere."""
    return Response(status_code=400)


async def _answer_invalid(_request: Request, error: Exception) -> Response:
    """Which parameter is wrong and how, without its value (FastAPI's own answer would echo it)."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    problems: Sequence[dict[str, object]] = error.errors()
    errors = [{"where": _where(item), "what": item["type"]} for item in problems]
    return refusal("invalid_request", errors=errors)


def _where(item: dict[str, object]) -> str:
    loc = item["loc"]
    parts = loc if isinstance(loc, tuple) else (loc,)
    # The name of an unknown parameter is client input.
    known = parts[:-1] if item["type"] == "extra_forbidden" else parts
    return ".".join(map(str, known))


async def _answer_defect(_request: Request, error: Exception) -> Response:
    log.error("api.failed", exc_info=error)
    return refusal("internal_error")
