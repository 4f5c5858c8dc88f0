"""Where requests begin: a few in each turn of the event loop, and one of each caller after the other.

A thousand requests that arrive together would all begin in one turn of the loop, and whatever is answered
meanwhile would stand still for it.
"""

import asyncio
import hashlib
from typing import Final

from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.limits.throttle import caller_of
from service.api.access.fair_places import FairPlaces
from service.api.access.tries import Tries

_BEGINNING: Final = 2
"""Requests that begin in one turn of the loop."""

_LONGEST_TOKEN: Final = 256


class Entrance:
    """Lets requests begin, in turns between callers; those that only wait for a decision count apart."""

    def __init__(self, app: ASGIApp, *, tries: Tries) -> None:
        self._app = app
        self._tries = tries
        self._places = FairPlaces(_BEGINNING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._begin(HTTPConnection(scope))
        await self._app(scope, receive, send)

    async def _begin(self, request: HTTPConnection) -> None:
        caller = caller_in_queue(self._tries, request)
        await self._places.acquire(f"wait {caller}" if asks_to_wait(request.query_params) else caller)
        try:
            await asyncio.sleep(0)
        finally:
            self._places.release()


def asks_to_wait(query: QueryParams) -> bool:
    """Whether a lookup is to be held until there is a decision."""
    return query.get("wait", "0") != "0"


def shown_token(request: HTTPConnection) -> str | None:
    """The bearer token as it was shown, which may be none of ours."""
    scheme, shown = get_authorization_scheme_param(request.headers.get("authorization"))
    is_ours = scheme.lower() == "bearer" and 0 < len(shown) <= _LONGEST_TOKEN
    return shown if is_ours else None


def key_of(token: str) -> str:
    """What stands for a token here."""
    return hashlib.sha256(token.encode()).hexdigest()


def caller_in_queue(tries: Tries, request: HTTPConnection) -> str:
    """Who waits for a turn: the token that was good before; or, for any number of others, their address."""
    shown = shown_token(request)
    if shown is not None and tries.knows(key := key_of(shown)):
        return key
    return caller_of(request.client.host if request.client else "")
