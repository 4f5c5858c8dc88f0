"""The load generator: keep-alive connections on raw asyncio streams, each with one request in flight.

A separate process (`python -m bench.traffic.load`), so that it runs on another core than the server.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final, cast

import msgspec
import uvloop

from bench.failure import BenchFailed
from bench.traffic.callbacks import NOTIFY_PATH, SignedCallback, load_callbacks, renewed

OK: Final = b"200"
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Load(msgspec.Struct, frozen=True):
    """The load: for `seconds` after `warm_up` seconds, or `requests` in total, whichever is first.

    `ready`: the file has complete requests, not callbacks.
    """

    connections: int = 64
    seconds: float = 60.0
    warm_up: float = 0.0
    requests: int = 0
    ready: bool = False


class LoadResult(msgspec.Struct, frozen=True):
    """The answers: `accepted` with 200 in `seconds`, `refused` others, latencies in ms; `answered` includes
    the warm-up."""

    accepted: int
    refused: int
    answered: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Accepted callbacks per second."""
        return self.accepted / self.seconds


async def run_load(port: int, pool: Path, load: Load) -> LoadResult:
    """Run the generator as a separate process against 127.0.0.1:`port`."""
    output = await run_generator("load", str(port), str(pool), msgspec.json.encode(load).decode())
    return msgspec.json.decode(output, type=LoadResult)


async def run_generator(name: str, *argv: str) -> bytes:
    """Run a load generator of this room as a separate process and return its output.

    Raises:
        BenchFailed: it failed.
    """
    command = (sys.executable, "-m", f"bench.traffic.{name}", *argv)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise BenchFailed("the load generator failed; see above")
    return output


class _Meter:
    """Hands out the requests and counts the answers; `finished` is set at the end."""

    def __init__(self, load: Load, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._left = load.requests or sys.maxsize
        self._begin = time.perf_counter() + load.warm_up
        self._end = self._begin + load.seconds
        self._open = 0
        self._answered = 0
        self._last = self._begin
        self.latencies: list[float] = []
        self.refused = 0
        self.broken = False
        self.finished = asyncio.Event()

    def next_request(self) -> bytes | None:
        """The next request to send, None when there are no more."""
        if self._left == 0 or time.perf_counter() >= self._end:
            if self._open == 0:
                self.finished.set()
            return None
        self._left -= 1
        self._open += 1
        return next(self._requests)

    def count(self, status: bytes, sent_at: float) -> None:
        """Count an answer, unless it is outside the measured window."""
        now = time.perf_counter()
        self._open -= 1
        self._answered += 1
        if not self._begin <= now <= self._end:
            return
        self._last = now
        if status == OK:
            self.latencies.append(now - sent_at)
        else:
            self.refused += 1

    def lose(self) -> None:
        """A connection is lost, which is expected after the end."""
        self.broken = not self.finished.is_set()
        self.finished.set()

    def result(self) -> LoadResult:
        """The counts."""
        ordered = sorted(self.latencies) or [0.0]
        p50, p99 = (round(ordered[int(len(ordered) * share)] * 1000, 2) for share in (0.50, 0.99))
        return LoadResult(
            len(self.latencies), self.refused, self._answered, self._last - self._begin, p50, p99
        )


class _Connection(asyncio.Protocol):
    """One client: sends a request, waits for its complete answer, sends the next."""

    def __init__(self, meter: _Meter) -> None:
        self._meter = meter
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have this interface, but are not subclasses.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        status = status_of(self._received)
        if not status:
            return
        self._received = b""
        self._meter.count(status, self._sent_at)
        self._send()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._meter.lose()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._meter.next_request()
        if request is not None:
            self._sent_at = time.perf_counter()
            self._transport.write(request)


def status_of(received: bytes) -> bytes:
    """The status of a complete answer; nothing as long as it is incomplete."""
    head, separator, body = received.partition(_HEAD_END)
    if not separator or len(body) < _content_length(head):
        return b""
    return head[9:12]


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[start:].split(b"\r\n", 1)[0])


def request_of(callback: SignedCallback) -> bytes:
    """The complete request of a callback."""
    form = callback.form
    return (
        b"POST %b HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        b"content-length: %d\r\n\r\n%b" % (NOTIFY_PATH.encode(), len(form), form)
    )


async def _generate(port: int, load: Load, requests: Iterator[bytes]) -> LoadResult:
    loop = asyncio.get_running_loop()
    meter = _Meter(load, requests)
    for _ in range(load.connections):
        await loop.create_connection(lambda: _Connection(meter), "127.0.0.1", port)
    await asyncio.wait_for(meter.finished.wait(), load.warm_up + load.seconds + 30)
    if meter.broken:
        sys.exit("bench.traffic.load: the server closed a connection")
    return meter.result()


def _requests(pool: Path, *, ready: bool) -> Iterator[bytes]:
    if ready:
        return cycle(msgspec.msgpack.decode(pool.read_bytes(), type=list[bytes]))
    return (request_of(callback) for callback in renewed(load_callbacks(pool)))


def main() -> None:
    """Generate the load given on the command line and print the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.traffic.load", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("pool", type=Path, help="file of bench.traffic.callbacks, or of requests")
    parser.add_argument("load", type=lambda text: msgspec.json.decode(text, type=Load), help="a Load as JSON")
    given = parser.parse_args()
    requests = _requests(given.pool, ready=given.load.ready)
    result = uvloop.run(_generate(given.port, given.load, requests))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
