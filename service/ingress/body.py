"""Read a request body that strangers send: capped while it arrives. Its deadline is the connection's."""

from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from domain.errors import BodyTimeout, BodyTooLarge


def header_of(scope: Scope, name: bytes) -> bytes:
    """A request header, or b""; of several the first."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


class BodyHeaders(NamedTuple):
    """What a request says of its body; b"" where it says nothing."""

    content_type: bytes
    content_encoding: bytes
    content_length: bytes


def body_headers(scope: Scope) -> BodyHeaders:
    """Read off the headers in one pass; of several the first, but every encoding."""
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

    The declared length is checked before a byte is read, the counted length with every chunk: a chunked
    body declares nothing, and what is declared need not be true.

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
