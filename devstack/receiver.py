"""A program that takes webhooks on this machine, for the demo: it verifies each and notes when it came."""

import asyncio
import hmac
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiohttp import web

from domain.events.webhooks.signing import sign_standard

_TOLERANCE: Final = timedelta(minutes=5)


class Arrival(msgspec.Struct, frozen=True):
    """A genuine webhook: its event, and when it came."""

    event: dict[str, Any]
    at: datetime


class WebhookReceiver:
    """Listens on a free loopback port during `async with`. Set `secret` once the endpoint is created."""

    def __init__(self) -> None:
        self.secret = ""
        self.url = ""
        self._arrivals: list[Arrival] = []
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def arrival(self, biz_id: str, *, patience: float) -> Arrival | None:
        """The first webhook about a verification; None if none comes within `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(lambda: self._first(biz_id) is not None)
        except TimeoutError:
            pass
        return self._first(biz_id)

    def _first(self, biz_id: str) -> Arrival | None:
        return next((each for each in self._arrivals if each.event["biz_id"] == biz_id), None)

    async def _take(self, request: web.Request) -> web.Response:
        at, body = datetime.now(UTC), await request.read()
        if not self._is_genuine(request, body, at):
            return web.Response(status=401)
        async with self._news:
            self._arrivals.append(Arrival(msgspec.json.decode(body), at))
            self._news.notify_all()
        return web.Response(status=204)

    def _is_genuine(self, request: web.Request, body: bytes, now: datetime) -> bool:
        event_id, timestamp, shown = (
            request.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")
        )
        if not self.secret or not timestamp.isdecimal():
            return False
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
        expected = sign_standard(body, event_id=event_id, at=sent_at, secrets=[self.secret])
        signature = expected.headers["webhook-signature"]
        return abs(now - sent_at) <= _TOLERANCE and hmac.compare_digest(signature.encode(), shown.encode())
