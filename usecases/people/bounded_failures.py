"""Note failed sign-ins that nothing else bounds, without letting a flood fill the audit."""

from collections.abc import Callable
from typing import Final

from domain.people.entry import Way
from usecases.ports.people import SignInFailures

PERIOD: Final = 60.0
MOST: Final = 100
"""Rows in one period and process: anyone may come back from the identity provider with any answer."""


class BoundedFailures:
    """Notes the first failures of each period. All of them are refused in any case."""

    def __init__(self, failures: SignInFailures, *, monotonic: Callable[[], float]) -> None:
        self._failures = failures
        self._monotonic = monotonic
        self._began = monotonic()
        self._noted = 0

    async def note(self, way: Way, name: str | None, *, why: str, address: str | None) -> None:
        """As `SignInFailures.note`."""
        now = self._monotonic()
        if now >= self._began + PERIOD:
            self._began, self._noted = now, 0
        if self._noted < MOST:
            self._noted += 1
            await self._failures.note(way, name, why=why, address=address)
