"""All connections of one listener, with limits on their number and on the time of each phase.

Every connection is in one phase, and each phase but one has a time limit. One timer for the whole process
checks the limits, since a timer for each request costs more than the bookkeeping here. If there are too many
connections, the one that has waited longest gives way, so idle sockets, however many, cannot keep out a
client that sends a request. The socket that gave way is closed a while later (see service.http.leaving).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import IntEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import islice
from typing import Final, Protocol

import msgspec
import structlog

from domain.limits.throttle import caller_of
from service.http.leaving import Leaving

LOOK_EVERY: Final = 0.25
"""Seconds between two checks of the time limits."""
_AT_ONCE: Final = 16
"""Connections that expire in one batch: hundreds opened together expire together; each costs an answer."""
_BREATH: Final = 0.02
"""Seconds for other work between two such batches."""
_LEAVE_AT_ONCE: Final = 4
"""Connections that gave way and are closed in one batch; with the pause after each, that is 200 a second."""
TELL_EVERY: Final = 10.0
"""Seconds between two log lines about refused connections."""

log = structlog.get_logger(__name__)


class Limits(msgspec.Struct, frozen=True):
    """The limits of one listener. Sizes are in bytes, times in seconds.

    `request_seconds` is from the first byte of a request to the last of its body. A connection that sends
    nothing at all has this long too, but at most `idle_seconds`. `header_bytes` includes the request line.
    `connections` is for this process, `per_address` for one address (IPv6: one /64). An address in
    `trusted_proxies` forwards for many clients, so it has no separate limit. `leaving` is for the additional
    sockets of connections that gave way and are not closed yet.
    """

    header_bytes: int = 16 * 1024
    headers: int = 100
    body_bytes: int = 256 * 1024
    request_seconds: float = 10
    idle_seconds: float = 30
    closing_seconds: float = 3
    connections: int = 1000
    per_address: int = 600
    leaving: int = 8000
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()


class Phase(IntEnum):
    """The phase of a connection. Busy: a complete request is being answered, which is our time.

    Numbers, because they are the index of a list: an Enum's hash would cost a microsecond per request.
    """

    OPENED = 0
    RECEIVING = 1
    BUSY = 2
    IDLE = 3
    STALLED = 4
    CLOSING = 5


_WAITING: Final = (Phase.OPENED, Phase.RECEIVING, Phase.IDLE, Phase.CLOSING, Phase.STALLED)
_WITHOUT_ANSWER: Final = {Phase.OPENED, Phase.RECEIVING, Phase.IDLE}
"""In these phases nothing is being sent, so everything but the socket can be freed early."""


class Guarded(Protocol):
    """A connection in its listener's list; `phase` None: it is not counted."""

    phase: Phase | None
    address: str

    def expire(self, phase: Phase) -> None:
        """It has been in `phase` for too long."""

    def drop(self) -> None:
        """Close it now."""

    def leave(self, leaving: Leaving) -> None:
        """Hand the socket over and free everything else."""


class Connections:
    """The connections of one process, by phase; within a phase the one that waits longest comes first."""

    def __init__(self, limits: Limits) -> None:
        self.limits: Final = limits
        self.count = 0
        self.leaving: Final = Leaving(limits.leaving)
        self._since: Final[list[dict[Guarded, float]]] = [{} for _ in Phase]
        self._addresses: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = 0.0

    def add(self, connection: Guarded) -> bool:
        """Accept a new connection, if necessary instead of a waiting one; False: all others are busy."""
        address = self.limited_address(connection.address)
        if address and self._addresses[address] >= self.limits.per_address:
            self._let_longest_waiting_go(address)
        if self.count >= self.limits.connections and not self._let_longest_waiting_go():
            self.count_refused("too_many_connections")
            return False
        connection.address = address
        self.count += 1
        self._addresses[address] += 1
        connection.phase = Phase.OPENED
        self._since[Phase.OPENED][connection] = time.monotonic()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
        return True

    def remove(self, connection: Guarded) -> None:
        """Remove a closed connection."""
        if connection.phase is None:
            return
        self._since[connection.phase].pop(connection, None)
        connection.phase = None
        self.count -= 1
        self._addresses[connection.address] -= 1
        if not self._addresses[connection.address]:
            del self._addresses[connection.address]

    def enter(self, connection: Guarded, phase: Phase) -> None:
        """Move the connection to this phase; one that is not counted stays so."""
        if connection.phase is None:
            return
        self._since[connection.phase].pop(connection, None)
        connection.phase = phase
        if phase is not Phase.BUSY:
            self._since[phase][connection] = time.monotonic()

    def count_refused(self, code: str) -> None:
        """Count a refusal below HTTP; many of them make only one log line per interval."""
        self._refused[code] += 1

    def limited_address(self, address: str) -> str:
        """The address for the per-address limit, or "" for a trusted proxy, which has none."""
        caller = caller_of(address)
        if caller and any(ip_address(address) in network for network in self.limits.trusted_proxies):
            return ""
        return caller

    def _let_longest_waiting_go(self, address: str | None = None) -> bool:
        """Make the longest waiting connection (of this address, or of all) give way; False: all are busy."""
        firsts = [found for phase in _WAITING if (found := self._first(phase, address))]
        if not firsts:
            return False
        _, connection = min(firsts, key=lambda first: first[0])
        self.count_refused("too_many_connections")
        leaves = connection.phase in _WITHOUT_ANSWER
        self.remove(connection)
        if leaves:
            connection.leave(self.leaving)
        else:
            connection.drop()
        return True

    def _first(self, phase: Phase, address: str | None) -> tuple[float, Guarded] | None:
        for connection, since in self._since[phase].items():
            if address is None or connection.address == address:
                return since, connection
        return None

    def _look(self) -> None:
        """Expire connections over their limit, a few at a time, and continue while there are more."""
        now = time.monotonic()
        over = list(islice(self._over(now), _AT_ONCE))
        for phase, connection in over:
            connection.expire(phase)
        self.leaving.close(_LEAVE_AT_ONCE)
        self._tell(now)
        self._timer = None
        if self.count or self._refused or self.leaving:
            pause = _BREATH if self.leaving or len(over) == _AT_ONCE else LOOK_EVERY
            self._timer = asyncio.get_running_loop().call_later(pause, self._look)

    def _over(self, now: float) -> Iterator[tuple[Phase, Guarded]]:
        for phase in _WAITING:
            before = now - self.seconds_of(phase)
            for connection, since in self._since[phase].items():
                if since > before:
                    break
                yield phase, connection

    def seconds_of(self, phase: Phase) -> float:
        """How long a connection may be in this phase."""
        limits = self.limits
        special = {
            # An api waits for large orders, but not for a connection that sends nothing at all.
            Phase.OPENED: min(limits.request_seconds, limits.idle_seconds),
            Phase.IDLE: limits.idle_seconds,
            Phase.CLOSING: limits.closing_seconds,
        }
        return special.get(phase, limits.request_seconds)

    def _tell(self, now: float) -> None:
        if not self._refused or now - self._told_at < TELL_EVERY:
            return
        self._told_at = now
        for code, count in self._refused.items():
            log.warning("connections.refused", code=code, count=count)
        self._refused.clear()
