"""Callbacks at a constant rate, one by one, on kept connections, whether answers come or not.

A separate process (`python -m bench.traffic.paced`). It sleeps until the next callback is due, since the
timers of an event loop fire at whole milliseconds and would send two at once at 2,000/s.
"""

import argparse
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from bench.traffic.callbacks import load_callbacks, renewed
from bench.traffic.load import OK, request_of, run_generator, status_of

MOST_CONNECTIONS: Final = 512
_START: Final = 0.05
_PATIENCE: Final = 30.0


class Pace(msgspec.Struct, frozen=True):
    """The number of callbacks, and how many are sent per second.

    `spread`: over how many connections in turn; 0 opens another one only where all are busy.
    """

    rate: float
    count: int
    spread: int = 0


class PaceResult(msgspec.Struct, frozen=True):
    """When callback 0 was due (seconds since the epoch), and the latencies of the answers in ms.

    A latency begins when the callback was due: if all connections are busy, it is sent late.
    """

    began: float
    p50: float
    p99: float


async def run_paced(port: int, pool: Path, pace: Pace) -> PaceResult:
    """Run the generator as a separate process against 127.0.0.1:`port`.

    Raises:
        BenchFailed: a callback was refused.
    """
    output = await run_generator("paced", str(port), str(pool), msgspec.json.encode(pace).decode())
    return msgspec.json.decode(output, type=PaceResult)


class _Connections:
    """Kept connections, each with one request in flight; a new one where all are busy.

    `spread`: connections to open at the start, used in turn; with 0, the one that was used last is used next.
    """

    def __init__(self, port: int, *, spread: int) -> None:
        self._address = ("127.0.0.1", port)
        self._busy: dict[socket.socket, tuple[float, bytes]] = {}
        self._selector = selectors.DefaultSelector()
        self._idle = deque(self._open() for _ in range(spread))
        self._take = self._idle.popleft if spread else self._idle.pop
        self.latencies: list[float] = []

    def send(self, request: bytes, *, due: float) -> None:
        """Send a request; its latency begins when it was due."""
        self._collect(0)
        while not self._idle and len(self._busy) >= MOST_CONNECTIONS:
            self._collect(_PATIENCE)
        connection = self._take() if self._idle else self._open()
        self._busy[connection] = (due, b"")
        connection.sendall(request)

    def finish(self) -> None:
        """Wait for the answers that are missing, and close the connections."""
        until = time.monotonic() + _PATIENCE
        while self._busy and time.monotonic() < until:
            self._collect(_PATIENCE)
        if self._busy:
            sys.exit(f"bench.traffic.paced: {len(self._busy)} requests have no answer")
        self._selector.close()
        for connection in self._idle:
            connection.close()

    def _open(self) -> socket.socket:
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ)
        return connection

    def _collect(self, seconds: float) -> None:
        """Take what has come: if nothing has, wait for up to `seconds`."""
        while ready := self._selector.select(seconds):
            for key, _ in ready:
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                self._receive(connection)
            # The end of a connection shows only behind its answer.
            seconds = 0

    def _receive(self, connection: socket.socket) -> None:
        data = connection.recv(65_536)
        if not data and connection in self._idle:
            # A server may end what it kept for a while without a request.
            self._idle.remove(connection)
            self._selector.unregister(connection)
            connection.close()
            return
        if not data or connection not in self._busy:
            sys.exit("bench.traffic.paced: the server closed a connection")
        due, received = self._busy[connection]
        status = status_of(received + data)
        if not status:
            self._busy[connection] = (due, received + data)
            return
        if status != OK:
            sys.exit(f"bench.traffic.paced: a callback was answered with {status.decode()}")
        self.latencies.append(time.monotonic() - due)
        del self._busy[connection]
        self._idle.append(connection)


def send_all(port: int, pace: Pace, requests: Iterator[bytes]) -> PaceResult:
    """Send `pace.count` of the requests, each when it is due, and wait for their answers."""
    connections = _Connections(port, spread=pace.spread)
    begin, began = time.monotonic() + _START, time.time() + _START
    for number, request in enumerate(islice(requests, pace.count)):
        due = begin + number / pace.rate
        time.sleep(max(0.0, due - time.monotonic()))
        connections.send(request, due=due)
    connections.finish()
    p50, p99 = (1000 * percentile(connections.latencies, share) for share in (0.50, 0.99))
    return PaceResult(began, p50, p99)


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> None:
    """Send what the command line says and print the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.traffic.paced", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("pool", type=Path, help="file of bench.traffic.callbacks")
    parser.add_argument("pace", type=lambda text: msgspec.json.decode(text, type=Pace), help="a Pace as JSON")
    given = parser.parse_args()
    requests = (request_of(callback) for callback in renewed(load_callbacks(given.pool)))
    sys.stdout.buffer.write(msgspec.json.encode(send_all(given.port, given.pace, requests)))


if __name__ == "__main__":
    main()
