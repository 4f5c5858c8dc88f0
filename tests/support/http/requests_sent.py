"""Requests as bytes, for tests that cut, repeat and break them; and limits small enough to reach."""

from service.http.connections import Limits
from tests.support.http.asgi import FORM, signed
from tests.support.http.sockets import NOTIFY
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import payload

DATA = dump(payload())
BODY = signed(DATA)
HEAD = f"POST {NOTIFY} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\n".encode()
GET = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
LIMITS = Limits(
    header_bytes=2048,
    headers=20,
    body_bytes=20_000,
    request_seconds=0.5,
    idle_seconds=0.5,
    closing_seconds=0.5,
)
