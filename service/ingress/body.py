"""Read the body of an untrusted request, with a size limit. Its deadline is the connection's."""

from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from domain.errors import BodyTimeout, BodyTooLarge


def header_of(scope: Scope, name: bytes) -> bytes:
    """A request header, or b""; the first of several."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


class BodyHeaders(NamedTuple):
    """The headers about the body; b"" for a missing one."""

    content_type: bytes
    content_encoding: bytes
    content_length: bytes


def body_headers(scope: Scope) -> BodyHeaders:
    """Read the headers in one pass: the first of several, but every encoding."""
    content_type = length = encoding = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = content_type or value
        elif name == b"content-length":
            length = length or value
        elif name == b"content-encoding":
            encoding = encoding + b"," + value if encoding else value
    return BodyHeaders(content_type, encoding, length)


async def read_body(receive: Receive, *, declared: bytes, limit: int) -> bytes:
    """The whole body, at most `limit` bytes; `declared` is its Content-Length, or b"".

    The declared length is checked before a byte is read, the actual length with every chunk: a chunked body
    declares none, and a declared length may be false.

    Raises:
        BodyTooLarge, BodyTimeout: the sender is at fault.
        ClientDisconnect: the sender has gone.
    """
    if declared.isdigit() and int(declared[:16]) > limit:
        raise BodyTooLarge("the declared body is over the cap")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyTimeout("the body did not arrive in time") if message.get("late") else ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge("the body is over the cap")
        if not message.get("more_body", False):
            return bytes(body)
