"""Connections that had to give way, closed a while later.

A client that reconnects immediately comes back as fast as we close it. When closed at once, 500 such sockets
kept the loop busy with accepting; when closed at a steady rate, they come back at that rate.
"""

import asyncio
from itertools import islice
from typing import Any, Final


class Leaving:
    """The open connections of one process that gave way, the longest waiting first.

    Only the socket is kept. There are `most` at most: one more closes the longest waiting one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._leavers: Final[dict[Leaver, None]] = {}

    def __len__(self) -> int:
        """The number of open connections."""
        return len(self._leavers)

    def take(self, transport: Any, *, spare: int) -> None:
        """Take over a connection, which is closed in turn, or when it sends more than `spare` bytes."""
        leaver = Leaver(self, transport, spare)
        self._leavers[leaver] = None
        transport.set_protocol(leaver)
        self.close(len(self) - self._most)

    def close(self, count: int) -> None:
        """Close up to `count` of them."""
        for leaver in list(islice(self._leavers, max(0, count))):
            leaver.close()

    def forget(self, leaver: "Leaver") -> None:
        """Remove a closed connection."""
        self._leavers.pop(leaver, None)


class Leaver(asyncio.Protocol):
    """One connection that gave way; its data is discarded."""

    __slots__ = ("_leaving", "_spare", "_transport")

    def __init__(self, leaving: Leaving, transport: Any, spare: int) -> None:
        self._leaving = leaving
        self._transport = transport
        self._spare = spare

    def data_received(self, data: bytes) -> None:
        """Close it if it sends more than allowed, since it then waits for an answer that will not come."""
        self._spare -= len(data)
        if self._spare < 0:
            self.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client has closed it, or we have."""
        self._leaving.forget(self)

    def close(self) -> None:
        """Close it now."""
        self._leaving.forget(self)
        self._transport.abort()
