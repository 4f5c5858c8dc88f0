"""Requests, their answers and their repetition, without any input or output."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from faceid_gateway_client._http import httpx
from faceid_gateway_client.errors import ApiError, CursorExpired, NotFound
from faceid_gateway_client.models import Event, Order, Verification

Result = TypeVar("Result")

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PASSING = frozenset({502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
MAX_WAIT = 30
"""The longest `wait` of one request, in seconds."""


@dataclass(frozen=True)
class Call:
    """A request. `is_safe`: repeating it changes nothing. `holds`: seconds that the gateway may hold it."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    is_safe: bool = True
    holds: float = 0


def order_call(biz_no: str, app_id: str | None, parameters: Mapping[str, Any]) -> Call:
    """Order a verification. Every request makes a new one, so it is not repeated once it was sent."""
    body = {"biz_no": biz_no, **({"app_id": app_id} if app_id else {}), **parameters}
    return Call("POST", "/v1/verifications", json=body, is_safe=False)


def get_call(biz_id: str, app_id: str | None, wait: float) -> Call:
    """Look a verification up."""
    params = {**({"app_id": app_id} if app_id else {}), **({"wait": wait} if wait else {})}
    return Call("GET", f"/v1/verifications/{quote(biz_id, safe='')}", params, holds=wait)


def events_call(after: int, filters: Mapping[str, Any], *, limit: int = 100, wait: float = 0) -> Call:
    """Read a page of the log."""
    params = {"after": after, "limit": limit, **filters, **({"wait": wait} if wait else {})}
    return Call("GET", "/v1/events", params, holds=wait)


def filters_of(types: tuple[str, ...], app_id: str | None) -> dict[str, Any]:
    """The parameters that narrow a page or a stream of events."""
    return {**({"type": list(types)} if types else {}), **({"app_id": app_id} if app_id else {})}


def to_order(answer: httpx.Response) -> Order:
    """The order in an answer. Raises ApiError."""
    return Order.of(checked(answer).json())


def to_verification(answer: httpx.Response) -> Verification:
    """The verification in an answer. Raises ApiError."""
    return Verification.of(checked(answer).json())


def to_page(answer: httpx.Response) -> tuple[list[Event], int]:
    """The events in an answer, and the cursor behind them. Raises ApiError."""
    page = checked(answer).json()
    return [Event.of(item) for item in page["items"]], page["next"]


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a success. Raises ApiError, NotFound or CursorExpired."""
    if answer.is_success:
        return answer
    problem = _problem_in(answer)
    code = str(problem.get("code", f"http_{answer.status_code}"))
    kind = NotFound if code == "not_found" else CursorExpired if code == "cursor_expired" else ApiError
    raise kind(answer.status_code, code, problem.get("detail"), retry_after_of(answer))


def _problem_in(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def may_pass(answer: httpx.Response) -> bool:
    """Whether the failure in an answer may pass by itself."""
    return answer.status_code == 429 or answer.status_code in _PASSING


def retry_after_of(answer: httpx.Response) -> float | None:
    """The seconds that the gateway asks to wait."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


class Attempts:
    """The attempts of one call, within `seconds` in total.

    A request is repeated only if it was not sent, if it was not processed (429), or if it is safe and the
    failure may pass.
    """

    def __init__(self, call: Call, *, seconds: float, clock: Callable[[], float]) -> None:
        self._call = call
        self._clock = clock
        self._until = clock() + seconds
        self._pause = _FIRST_PAUSE

    @property
    def remaining(self) -> float:
        """The seconds that are left."""
        return max(self._until - self._clock(), 0.001)

    def pause_after_answer(self, answer: httpx.Response) -> float | None:
        """The seconds until the next attempt; None if this answer counts."""
        status = answer.status_code
        if status == 429 or (status in _PASSING and self._call.is_safe):
            return self._next(retry_after_of(answer))
        return None

    def pause_after_error(self, error: httpx.TransportError) -> float | None:
        """The seconds until the next attempt; None if this error counts."""
        return self._next(None) if self._call.is_safe or isinstance(error, _NOT_SENT) else None

    def _next(self, wish: float | None) -> float | None:
        pause = max(self._pause * random.uniform(0.5, 1.5), wish or 0)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return pause if pause < self._until - self._clock() else None
