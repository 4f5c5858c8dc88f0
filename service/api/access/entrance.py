"""Start requests a few per iteration of the event loop, taking callers in turn.

Without this, a thousand requests that arrive together would all start in one iteration, and delay every
answer in progress.
"""

import asyncio
import hashlib
from typing import Final

from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.limits.throttle import caller_of
from service.api.access.fair_slots import FairSlots
from service.api.access.tries import Tries

_BEGINNING: Final = 2
"""Requests that start in one iteration of the loop."""

_LONGEST_TOKEN: Final = 256


class Entrance:
    """Starts requests, taking callers in turn. Requests that only wait for a decision have a separate
    queue.
    """

    def __init__(self, app: ASGIApp, *, tries: Tries) -> None:
        self._app = app
        self._tries = tries
        self._slots = FairSlots(_BEGINNING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._begin(HTTPConnection(scope))
        await self._app(scope, receive, send)

    async def _begin(self, request: HTTPConnection) -> None:
        caller = caller_in_queue(self._tries, request)
        await self._slots.acquire(f"wait {caller}" if asks_to_wait(request.query_params) else caller)
        try:
            await asyncio.sleep(0)
        finally:
            self._slots.release()


def asks_to_wait(query: QueryParams) -> bool:
    """Whether a lookup asks to wait for the decision."""
    return query.get("wait", "0") != "0"


def shown_token(request: HTTPConnection) -> str | None:
    """The bearer token in the request, unchecked."""
    scheme, shown = get_authorization_scheme_param(request.headers.get("authorization"))
    is_ours = scheme.lower() == "bearer" and 0 < len(shown) <= _LONGEST_TOKEN
    return shown if is_ours else None


def key_of(token: str) -> str:
    """The key for a token in this process: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def caller_in_queue(tries: Tries, request: HTTPConnection) -> str:
    """The caller for queueing: the token if it was valid before, otherwise the address."""
    shown = shown_token(request)
    if shown is not None and tries.knows(key := key_of(shown)):
        return key
    return caller_of(request.client.host if request.client else "")
