"""Connections that had to give way, each closed a while later.

A client that connects again the moment it is closed comes back as fast as we close it. Closed at once, 500
such sockets kept the loop busy with accepting them; closed at a steady pace, they come back at that pace.
"""

import asyncio
from itertools import islice
from typing import Any, Final


class Leaving:
    """The connections of one process that gave way and are open still, the longest waiting first.

    Nothing of theirs is held but the socket. There are `most` at most: one more, and the first is closed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._leavers: Final[dict[Leaver, None]] = {}

    def __len__(self) -> int:
        """How many are open still."""
        return len(self._leavers)

    def take(self, transport: Any, *, spare: int) -> None:
        """Take over a connection, which is closed in its turn, or where it sends more than `spare` bytes."""
        leaver = Leaver(self, transport, spare)
        self._leavers[leaver] = None
        transport.set_protocol(leaver)
        self.close(len(self) - self._most)

    def close(self, count: int) -> None:
        """Close up to `count` of them."""
        for leaver in list(islice(self._leavers, max(0, count))):
            leaver.close()

    def forget(self, leaver: "Leaver") -> None:
        """This one is closed."""
        self._leavers.pop(leaver, None)


class Leaver(asyncio.Protocol):
    """One connection that gave way: what it sends is thrown away."""

    __slots__ = ("_leaving", "_spare", "_transport")

    def __init__(self, leaving: Leaving, transport: Any, spare: int) -> None:
        self._leaving = leaving
        self._transport = transport
        self._spare = spare

    def data_received(self, data: bytes) -> None:
        """Close it where it sends more than it may: then it waits for an answer, and should not in vain."""
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
