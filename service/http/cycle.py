"""One request and its answer on a connection, and closing the connection after an incomplete request."""

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol, Self

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.problems.problems import refusal


class Lingers(Protocol):
    """A connection that can close so that its client still reads the answer."""

    transport: Any

    def linger(self) -> None:
        """Answer nothing more, and close soon."""


class LingeringTransport:
    """The transport of an incomplete request, which closes so that the sender still sees the answer.

    A socket that is closed with unread bytes is reset, and the unsent answer is lost with it.
    """

    def __init__(self, connection: Lingers) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        """Send."""
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return bool(self._connection.transport.is_closing())

    def close(self) -> None:
        """Close soon."""
        self._connection.linger()


class Cycle(RequestResponseCycle):
    """uvicorn's cycle of one request, with a deadline; `late`: the body did not arrive in time."""

    late = False
    _hung_up = False
    _taken = False

    @classmethod
    def of(cls, connection: HttpToolsProtocol, transport: Any) -> Self:
        """The cycle of the request whose head is in `connection`; the answer goes to `transport`."""
        return cls(
            scope=connection.scope,
            transport=transport,
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expect_100_continue,
            keep_alive=False,
            on_response=connection.on_response_complete,
        )

    def hang_up(self) -> bool:
        """The client of a complete request sends nothing more. Returns whether it still gets an answer.

        It may be gone, or may only have closed its side: the app is notified, and its answer is sent.
        """
        if self.response_complete:
            return False
        self.keep_alive, self._hung_up = False, True
        self.message_event.set()
        return True

    async def receive(self) -> Any:
        """The next ASGI message; once the deadline has passed, "http.disconnect" with `late`."""
        special = self.disconnected or self.response_complete or self.late or self._taken
        if self.message_event.is_set() and not (special or self.more_body or self.waiting_for_100_continue):
            # The body is complete, as it nearly always is.
            self.message_event.clear()
            self._taken = True
            body, self.body = bytes(self.body), bytearray()
            return {"type": "http.request", "body": body, "more_body": False}
        if self._taken and self._hung_up:
            return {"type": "http.disconnect"}
        message = await super().receive()
        if self.late:
            return {"type": "http.disconnect", "late": True}
        if self._taken:
            return {"type": "http.disconnect"}
        self._taken = not message.get("more_body", False)
        return message


def problem_bytes(code: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A complete response with the problem of this code and `headers`, for a request that no app sees."""
    answer = refusal(code)
    lines = [*headers, *answer.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%b: %b\r\n" % line for line in lines)
    return b"%b%b\r\n%b" % (STATUS_LINE[answer.status_code], head, bytes(answer.body))
