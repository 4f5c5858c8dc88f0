"""The supervised process's end of the link to its supervisor (docs/decisions/0031).

A socket pair carries lines. The supervisor sends `retire` (another process takes over) and `figures` (answer
with yours); the process sends `ready` once, and its figures as JSON. When the link closes, the supervisor is
gone, and the process ends as on SIGTERM: nothing outlives a supervisor that was killed.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Self

import msgspec

LINK_VARIABLE: Final = "GATEWAY_SUPERVISOR_FDS"
"""Holds the descriptors that the supervisor passes on: the link, then the listening sockets."""
READY: Final = b"ready"
RETIRE: Final = b"retire"
FIGURES: Final = b"figures"

_ENDS_WITHIN: Final = 300.0
"""Seconds after which a process without supervisor is ended by force."""


class Figures(msgspec.Struct, frozen=True):
    """A process's figures, under its name in the heartbeats."""

    process: str
    status: dict[str, object]


class SupervisorLink:
    """Listens in a thread, so that figures are answered and an orphan ends even if the loop is blocked.

    `doors`: listening sockets, which stay open in the supervisor when this process closes its own copies.
    """

    def __init__(self, connection: socket.socket, doors: list[socket.socket]) -> None:
        self._connection = connection
        self._retire: Callable[[], None] = _end_in_order
        self._figures: Callable[[], Figures] | None = None
        self.doors: Final = doors

    @classmethod
    def of_this_process(cls) -> Self | None:
        """The link that the environment names; None if nobody supervises this process."""
        numbers = os.environ.pop(LINK_VARIABLE, "")
        if not numbers:
            return None
        link, *doors = (socket.socket(fileno=int(number)) for number in numbers.split(","))
        opened = cls(link, doors)
        threading.Thread(target=opened._listen, name="supervisor", daemon=True).start()
        return opened

    def tell_ready(self, *, retire: Callable[[], None] | None = None) -> None:
        """Tell the supervisor that this process works. `retire` runs in another thread; default: SIGTERM."""
        if retire is not None:
            self._retire = retire
        self._send(READY)

    @contextmanager
    def reporting(self, process: str, status: Callable[[], Mapping[str, object]]) -> Iterator[None]:
        """Answer the supervisor's requests for figures during the block; `status` runs in another thread."""
        self._figures = lambda: Figures(process, dict(status()))
        try:
            yield
        finally:
            self._figures = None

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            for line in lines:
                self._obey(line.strip())
        _end_in_order()
        time.sleep(_ENDS_WITHIN)
        os._exit(1)

    def _obey(self, order: bytes) -> None:
        if order == RETIRE:
            self._retire()
        elif order == FIGURES:
            figures = self._figures
            self._send(b"null" if figures is None else msgspec.json.encode(figures()))

    def _send(self, line: bytes) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(line + b"\n")


def _end_in_order() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
