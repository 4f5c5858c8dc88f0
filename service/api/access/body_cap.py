"""A cap and a deadline on every request's body. Starlette's own limiter answers in plain text."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems.problems import refusal

_CLOSE: Final = (b"connection", b"close")


class Allowance(NamedTuple):
    """The maximum size of a body in bytes, and the seconds from its first read to its end."""

    bytes: int
    seconds: float = 10


class BodyCap:
    """Refuses bodies larger than their path allows, without reading them if they declare their length.

    A body that does not arrive in time is refused too. `paths` has the allowances of individual paths.
    """

    def __init__(
        self, app: ASGIApp, *, others: Allowance, paths: Mapping[str, Allowance] | None = None
    ) -> None:
        self._app = app
        self._others = others
        self._paths = paths or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = self._paths.get(scope["path"], self._others)
        body = _Body(receive, allowed, is_read=not _has_body(scope))
        answer = body.closing(send)
        if _declared_length(scope) > allowed.bytes:
            await refusal("body_too_large")(scope, receive, answer)
        else:
            await self._app(scope, body.receive, answer)


class _Body:
    def __init__(self, receive: Receive, allowed: Allowance, *, is_read: bool) -> None:
        self._receive = receive
        self._left = allowed.bytes
        self._seconds = allowed.seconds
        self._deadline: float | None = None
        self._is_read = is_read

    async def receive(self) -> Message:
        """The next message; after the end of the body there is no deadline."""
        if self._is_read:
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._deadline = self._deadline or loop.time() + self._seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        self._is_read = not message.get("more_body", False)
        return message

    def closing(self, send: Send) -> Send:
        """Close the connection after an answer that came before the whole body was read."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and not self._is_read:
                message["headers"] = [*message.get("headers", []), _CLOSE]
            await send(message)

        return answer


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or _declared_length(scope) > 0


def _declared_length(scope: Scope) -> int:
    declared = dict(scope["headers"]).get(b"content-length", b"")
    return int(declared) if declared.isdigit() else 0
