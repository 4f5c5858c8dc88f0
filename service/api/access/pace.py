"""The rate limit of endpoints without a token: answers to a client that asks too often are delayed."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from domain.limits.throttle import Buckets, Rate, caller_of
from service.api.access.tries import Pauses

_EACH: Final = Rate(per_second=20, burst=40)


@dataclass
class Pace:
    """The rates by address. A probe that shares its address with a noisy client is delayed, not refused."""

    buckets: Buckets = field(default_factory=lambda: Buckets(_EACH))
    pauses: Pauses = field(default_factory=lambda: Pauses(seconds=0.5))
    monotonic: Callable[[], float] = time.monotonic

    async def keep(self, address: str) -> None:
        """Return at once, or after a pause if the address asks too often."""
        if self.buckets.take(caller_of(address), self.monotonic()):
            await self.pauses.hold()


class PacedRoute(APIRoute):
    """An endpoint without a token."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The rate-limited endpoint."""
        handle = super().get_route_handler()

        async def paced(request: Request) -> Response:
            await request.app.state.context.pace.keep(request.client.host if request.client else "")
            return await handle(request)

        return paced
