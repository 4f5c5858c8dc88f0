"""Read a request body that strangers send: capped while it arrives, and with a deadline."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from domain.errors import BodyTimeout, BodyTooLarge


def header_of(scope: Scope, name: bytes) -> bytes:
    """A request header, or b""; of several the first."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


async def read_body(scope: Scope, receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The whole body, at most `limit` bytes, within `seconds`.

    The declared length is checked before a byte is read, the counted length with every chunk: a chunked
    body declares nothing, and what is declared need not be true.

    Raises:
        BodyTooLarge, BodyTimeout: the sender is at fault.
        ClientDisconnect: the sender has gone.
    """
    declared = header_of(scope, b"content-length")
    if declared.isdigit() and int(declared[:16]) > limit:
        raise BodyTooLarge("the declared body is over the cap")
    # A bare timer: asyncio.timeout costs as much as reading the form, and the body is nearly always there.
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - an ASGI app runs in a task
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, expire)
    try:
        return await _read_capped(receive, limit)
    except asyncio.CancelledError:
        if expired and task.uncancel() == 0:
            raise BodyTimeout("the body did not arrive in time") from None
        raise
    finally:
        timer.cancel()


async def _read_capped(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge("the body is over the cap")
        if not message.get("more_body", False):
            return bytes(body)
