"""Each app's way to the vendor: so many calls at once, and none for a while once the vendor is at fault."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from domain.answer import Answer
from domain.budget import PullState
from domain.circuit import Circuit, CircuitRules

SYSTEM_FAULTS: Final = frozenset(
    {"CONCURRENCY_LIMIT_EXCEEDED", "AUTHENTICATION_ERROR", "AUTHORIZATION_ERROR", "API_NOT_FOUND"}
)
"""Refusals that the next call would meet as well: each would spend a call of another verification."""

RULES: Final = CircuitRules(
    threshold=5,
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(minutes=1),
    probe_within=timedelta(seconds=30),
)

log = structlog.get_logger(__name__)


class VendorGates:
    """The gates of every app of one process; `monotonic` is a clock in seconds that never goes back."""

    def __init__(
        self, *, in_flight: int, monotonic: Callable[[], float], rules: CircuitRules = RULES
    ) -> None:
        self._monotonic = monotonic
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(in_flight))
        self._circuits = defaultdict[str, Circuit](lambda: Circuit(rules))

    @asynccontextmanager
    async def slot(self, app_id: str) -> AsyncIterator[timedelta | None]:
        """One of the app's places for calls under way.

        Gives None where a call may be made, else how long the vendor is to be left alone. Whoever makes a
        call says so by `started` at once, before it awaits anything, and tells how it ended by `ended`.
        """
        async with self._slots[app_id]:
            yield self._closed_for(app_id)

    def started(self, app_id: str) -> None:
        """A call begins. Should it come to nothing, the circuit's `probe_within` lets another probe go."""
        self._circuits[app_id] = self._circuits[app_id].started(self._monotonic())

    def ended(self, app_id: str, answer: Answer) -> None:
        """A call ended so."""
        before, now = self._circuits[app_id], self._monotonic()
        after = before.failed(now) if is_system_fault(answer) else before.succeeded()
        self._circuits[app_id] = after
        if before.state(now) is not after.state(now):
            log.warning("vendor.circuit", app_id=app_id, state=after.state(now).value, error=answer.error)

    def _closed_for(self, app_id: str) -> timedelta | None:
        circuit, now = self._circuits[app_id], self._monotonic()
        if circuit.permits(now):
            return None
        return timedelta(seconds=(circuit.retry_at or now) - now)


def is_system_fault(answer: Answer) -> bool:
    """Whether an answer says that the vendor or our configuration is at fault, not this verification."""
    if answer.state is not PullState.DONE or (answer.http_status or 0) >= 500:
        return True
    return answer.error in SYSTEM_FAULTS
