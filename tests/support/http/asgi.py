"""Speak ASGI to an app directly: bodies in pieces, pauses between them, and senders that go away."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from domain.callback.signature import HashName, sign_data

FORM = "application/x-www-form-urlencoded"
SECRET = b"the-newest-secret"
OLD_SECRET = b"the-older-secret"

GONE = "gone"
"""In the place of a piece: the sender goes away."""
LATE = "late"
"""In the place of a piece: the connection's deadline passes before more comes."""
SILENCE = "silence"
"""In the place of a piece: nothing more comes, and nobody goes away."""


@dataclass
class Reply:
    """What came back; `status` None: nothing did."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


async def send(
    app: ASGIApp,
    path: str,
    pieces: Sequence[bytes | str] = (b"",),
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    query: str = "",
) -> Reply:
    """One request whose body comes in `pieces`."""
    raw_headers = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query.encode(),
        "headers": raw_headers, "client": ("192.0.2.1", 1), "server": ("ingress", 8028),
    }  # fmt: skip
    waiting = list(pieces)

    async def receive() -> Message:
        piece = waiting.pop(0) if waiting else GONE
        if piece == SILENCE:
            await asyncio.Event().wait()
        if piece == LATE:
            return {"type": "http.disconnect", "late": True}
        if isinstance(piece, str):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    reply = Reply()

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            reply.body += message.get("body", b"")

    await app(scope, receive, take)
    return reply


def signed(data: bytes, *, secret: bytes = SECRET, hash_name: HashName = "sha1") -> bytes:
    """A form body as the vendor would send it."""
    return urlencode({"data": data, "sign": sign_data(data, secret, hash_name=hash_name)}).encode()
