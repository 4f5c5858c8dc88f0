"""A clock that tests move."""

from datetime import datetime, timedelta

from tests.support.storage.stores import NOW


class StepClock:
    """A wall clock that is set; `monotonic` never goes back with it."""

    def __init__(self) -> None:
        self.now = NOW
        self._elapsed = 0.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self._elapsed

    def step(self, by: timedelta) -> None:
        self.now += by
        self._elapsed += max(0.0, by.total_seconds())
