"""HTTP/1.1: uvicorn's httptools protocol with the limits that a public listener needs.

uvicorn's own protocol accepts headers of any size, waits forever for the rest of a request, keeps reading a
refused request, and drops the body of a request that offers an upgrade (Java's HTTP client offers HTTP/2 on
every plain connection). Here a request has a deadline from its first byte, its head and framing have a size
limit, a connection ends after a refusal, and an offered upgrade is ignored.
"""

import asyncio
from typing import Any, ClassVar, Final

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.http import heads
from service.http.connections import Connections, Phase
from service.http.cycle import Cycle, LingeringTransport, problem_bytes
from service.http.leaving import Leaving

MAX_TARGET: Final = 8192  # bytes of path and query
MAX_PIPELINED: Final = 16  # requests that may wait behind the current one
MAX_READ_AFTER_REFUSAL: Final = 1024**2  # bytes, so that the sender sees the refusal and no reset
_FRAMING: Final = 8  # a chunked body may be this much larger on the wire than its cap


def limited_protocol(connections: Connections) -> type[asyncio.Protocol]:
    """The protocol class for one listener, whose connections are kept in `connections`."""
    return type("LimitedProtocol", (LimitedProtocol,), {"kept": connections})


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `kept` belongs to the listener (see `limited_protocol`)."""

    kept: ClassVar[Connections]
    cycle: Cycle

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.phase: Phase | None = None
        self.address = ""
        self._lingering: Any = LingeringTransport(self)
        self._deaf = False
        self._spare = MAX_READ_AFTER_REFUSAL
        self._taken = 0
        self._in_head = True
        self._piece = 0
        self._trailers = 0
        self._keep_alive = False
        self._begun = True
        self._before: Cycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept it, or close it at once if every other connection is busy."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if not self.kept.add(self):
            self._deaf = True
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop it and all references to it, which only the garbage collector would free otherwise."""
        self.kept.remove(self)
        if self._before is not None:
            self._before.disconnected = True
        super().connection_lost(exc)
        self._lingering = self._before = self.cycle = None  # type: ignore[assignment]
        self.pipeline.clear()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends nothing more. True: the connection stays open until its requests are answered."""
        if self.phase not in (Phase.BUSY, Phase.STALLED):
            return False
        return self._deaf or self.cycle.hang_up()

    def data_received(self, data: bytes) -> None:
        """Parse in pieces that end where a cap would be exceeded; discard everything after a refusal."""
        while data and not self._deaf:
            room = self._room()
            # A full slice is no copy.
            data = self._parse(data[:room]) + data[room:]
        if self._deaf:
            self._spare -= len(data)
            if self._spare < 0:
                self.transport.close()

    def _room(self) -> int:
        """How many bytes may follow before the end of the head, or of the request."""
        limits = self.kept.limits
        if self._in_head:
            return limits.header_bytes - self._taken
        return limits.header_bytes + _FRAMING * limits.body_bytes - self._taken

    def _parse(self, piece: bytes) -> bytes:
        """Parse `piece` and return what to parse next: after an ignored upgrade, the request again."""
        self._piece = len(piece)
        self._taken += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as offered:
            return self._without_upgrade(piece[offered.args[0] :])
        except httptools.HttpParserError as error:
            too_large = isinstance(error.__context__, heads.HeadTooLarge)
            self.refuse("headers_too_large" if too_large else "malformed_request")
        else:
            if self._taken and not self._deaf:
                self._await_rest()
        return b""

    def _await_rest(self) -> None:
        """Set the deadline for the rest of a request, or refuse one that exceeds a cap."""
        if self._room() <= 0:
            self.refuse("headers_too_large" if self._in_head else "body_too_large")
            return
        if not self._begun and (
            self.expect_100_continue or heads.declared_length(self.headers) > self.kept.limits.body_bytes
        ):
            self._begin()
        if self.phase is not Phase.RECEIVING:
            self.kept.enter(self, Phase.RECEIVING)

    def _without_upgrade(self, rest: bytes) -> bytes:
        """The request without the upgrade that it offers, and the bytes after its head."""
        parser = self.parser
        if parser.get_method() == b"CONNECT":
            self.refuse("malformed_request")
            return b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._taken = 0
        return heads.head_without_upgrade(parser, self.url, self.headers) + rest

    def on_message_begin(self) -> None:
        """A request's first byte, which may be in the same piece as the end of another request."""
        self._in_head, self._taken = True, self._taken or 1
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Part of the target."""
        self.url += url
        if len(self.url) > MAX_TARGET:
            raise heads.HeadTooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Trailers after a chunked body are counted and dropped, since we use none."""
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))
        else:
            self._trailers += 1
            if self._trailers > self.kept.limits.headers:
                raise heads.HeadTooLarge

    def on_headers_complete(self) -> None:
        """Begin to answer, unless an upgrade is offered: then the request is parsed again without it."""
        limits = self.kept.limits
        if len(self.headers) > limits.headers or self._piece > limits.header_bytes < heads.size_of_head(
            self.url, self.headers
        ):
            raise heads.HeadTooLarge
        if self.parser.should_upgrade():
            return
        self._in_head, self._trailers = False, 0
        version = heads.describe_request(self.scope, self.parser, self.url)
        self._keep_alive = version != "1.0" and self.parser.should_keep_alive()
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests wait")
        # Until the request is complete, its connection closes after the answer.
        self._before, self.cycle, self._begun = self.cycle, Cycle.of(self, self._lingering), False

    def _begin(self) -> None:
        """Pass the request to the app after the one before it, unless this was done already."""
        if self._begun:
            return
        before, self._before, self._begun = self._before, None, True
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """A piece of the body; the app starts when the body is complete or large, not with the first byte."""
        if self._deaf:
            return
        cycle = self.cycle
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self._begin()
            self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._in_head or self._deaf:
            return  # it offers an upgrade, or has been refused
        self._in_head, self._taken = True, 0
        cycle = self.cycle
        cycle.transport, cycle.more_body = self.transport, False
        if not cycle.response_started:
            cycle.keep_alive = self._keep_alive
        cycle.message_event.set()
        self._begin()
        self.kept.enter(self, Phase.STALLED if self.flow.write_paused else Phase.BUSY)

    def on_response_complete(self) -> None:
        """Continue with the next pipelined request, if allowed."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self.kept.enter(self, Phase.CLOSING)
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._deaf:
            self.flow.resume_reading()
            if self.phase is Phase.BUSY:
                self.kept.enter(self, Phase.IDLE)

    def refuse(self, code: str) -> None:
        """Answer an unreadable or incomplete request with this problem, and end the connection."""
        self.kept.count_refused(code)
        cycle = self.cycle if self._begun else self._before
        if cycle is None or cycle.response_complete:
            self._write_problem(code)
        elif not cycle.more_body:
            # The request before this one is still being answered: that answer is the last one.
            self._deaf, cycle.keep_alive, cycle.transport = True, False, self._lingering
            self.kept.enter(self, Phase.BUSY)
        elif cycle.response_started or self.pipeline:
            self.drop()
        else:
            cycle.disconnected, cycle.waiting_for_100_continue = True, False
            cycle.message_event.set()
            self._write_problem(code)

    def _write_problem(self, code: str) -> None:
        self.transport.write(problem_bytes(code, self.server_state.default_headers))
        self.linger()

    def linger(self) -> None:
        """Answer nothing more; keep reading briefly, so that the sender can read the last answer."""
        self._deaf = True
        if self.transport.is_closing():
            return
        self.kept.enter(self, Phase.CLOSING)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def expire(self, phase: Phase) -> None:
        """The connection was in `phase` for too long."""
        match phase:
            case Phase.RECEIVING if self._in_head:
                self.refuse("request_timeout")
            case Phase.RECEIVING:
                self._begin()
                self.cycle.late = True
                self.cycle.message_event.set()
                self.kept.enter(self, Phase.BUSY)
            case Phase.OPENED | Phase.IDLE:
                self.transport.close()
                self.kept.enter(self, Phase.CLOSING)
            case _:
                self.drop()

    def drop(self) -> None:
        """Close the connection now, even while sending."""
        self._deaf = True
        self.transport.abort()

    def leave(self, leaving: Leaving) -> None:
        """Give way: an app that waits for the rest of the request is told that its client is gone.

        A client in the middle of a request may send a head's worth more; if no request has begun, a new one
        is not answered, and its sender sees that at once.
        """
        self._deaf = True
        leaving.take(self.transport, spare=self.kept.limits.header_bytes if self._taken else 0)
        self.connection_lost(ConnectionAbortedError())

    def shutdown(self) -> None:
        """Close after the pending requests are answered."""
        self._keep_alive = False
        super().shutdown()

    def pause_writing(self) -> None:
        """The client does not read its answers."""
        super().pause_writing()
        if self.phase is not Phase.CLOSING:
            self.kept.enter(self, Phase.STALLED)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self.phase is Phase.STALLED:
            answered = self.cycle is None or self.cycle.response_complete
            self.kept.enter(self, Phase.IDLE if answered else Phase.BUSY)
