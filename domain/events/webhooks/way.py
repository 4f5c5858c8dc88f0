"""How to reach an endpoint, and its answer."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import msgspec


class Way(msgspec.Struct, frozen=True):
    """How to reach an endpoint.

    `headers`: added to every request. `ca`: certificates (PEM) that are trusted instead of the system's.
    `client_certificate`: a certificate and its key (PEM). The repr shows none of it.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    ca: str | None = None
    client_certificate: str | None = None

    def __repr__(self) -> str:
        # The path and the query of a URL may be what proves the sender.
        return "Way(...)"


class Fault(StrEnum):
    """The side that caused a failure. Only a receiver's fault counts against its endpoint."""

    RECEIVER = "receiver"
    DNS = "dns"
    PROXY = "proxy"
    OURS = "ours"


class Answer(msgspec.Struct, frozen=True):
    """An answer, whatever its status. `head`: the first 2 KiB of its body."""

    status: int
    retry_after: timedelta | None = None
    head: bytes = b""


class NotSent(msgspec.Struct, frozen=True):
    """No answer. `error` is a word: `refused_address`, `timeout`, `connection_refused`, `unreachable`,
    `reset`, `tls`, `bad_certificate`, `bad_answer`, `dns`, `proxy`, or a fault of this machine."""

    fault: Fault
    error: str


class Post(Protocol):
    """Sends one webhook."""

    async def post(self, way: Way, body: bytes, headers: Mapping[str, str]) -> Answer | NotSent:
        """Send once, in 15 seconds at most, and follow no redirect. Never raises an error of the receiver or
        the network.
        """
