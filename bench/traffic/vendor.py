"""A vendor without delay: it answers get_result at once with the full result of the requested biz_id.

It knows the callbacks of its pool, and those that `renewed` makes of them.

A separate process (`python -m bench.traffic.vendor PORT POOL`), so that it does not use the worker's core.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.traffic.callbacks import SignedCallback, load_callbacks, number_of, result_body

_HEAD_END: Final = b"\r\n\r\n"
_NOT_FOUND: Final = b'{"error_message": "RESULT_NOT_FOUND"}'


class Answers:
    """The complete answers by biz_id."""

    def __init__(self, callbacks: Sequence[SignedCallback]) -> None:
        self._ids = [callback.biz_id.encode() for callback in callbacks]
        self._answers = [_answer(b"200 OK", result_body(callback.data)) for callback in callbacks]
        self._places = {callback.biz_id: place for place, callback in enumerate(callbacks)}

    def find(self, biz_id: str) -> bytes:
        """The answer for this biz_id."""
        place = self._places.get(biz_id)
        if place is not None:
            return self._answers[place]
        try:
            place = number_of(biz_id) % len(self._answers)
        except ValueError:
            return _answer(b"400 Bad Request", _NOT_FOUND)
        return self._answers[place].replace(self._ids[place], biz_id.encode())


class _Vendor(asyncio.Protocol):
    """One keep-alive connection. A GET has no body, so a request ends with its head."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have this interface, but are not subclasses.
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *requests, self._received = (self._received + data).split(_HEAD_END)
        for request in requests:
            target = request.split(b" ", 2)[1].decode("ascii")
            biz_id = parse_qs(urlsplit(target).query).get("biz_id", [""])[0]
            self._transport.write(self._answers.find(biz_id))


def _answer(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


async def _serve(port: int, answers: Answers) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Vendor(answers), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve until a signal."""
    port, pool = int(sys.argv[1]), Path(sys.argv[2])
    uvloop.run(_serve(port, Answers(load_callbacks(pool))))


if __name__ == "__main__":
    main()
