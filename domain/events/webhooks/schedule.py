"""When to retry an event, and when to disable an endpoint."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

SCHEDULE: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The pauses after the first attempt, which is immediate: about three days in total."""

JITTER: Final = 0.1
"""Each pause is up to this share longer or shorter."""

LONGEST_RETRY_AFTER: Final = timedelta(hours=1)
FAILURES_BEFORE_PROBES: Final = 5
"""After this many failures in a row an endpoint gets one attempt at a time."""

PROBE_EVERY: Final = timedelta(seconds=30)
GIVEN_UP_AFTER: Final = timedelta(days=5)
"""An endpoint that failed for this long, with no success, is disabled."""


class Health(msgspec.Struct, frozen=True):
    """The recent attempts of an endpoint: the failures in a row, and the time of the first of them."""

    failures: int = 0
    failing_since: datetime | None = None

    def succeeded(self) -> "Health":
        """The state after a success."""
        return Health()

    def failed(self, now: datetime) -> "Health":
        """The state after a failure of the receiver."""
        return Health(self.failures + 1, self.failing_since or now)

    @property
    def is_probed(self) -> bool:
        """Whether it gets one attempt at a time."""
        return self.failures >= FAILURES_BEFORE_PROBES

    def is_given_up(self, now: datetime) -> bool:
        """Whether it is disabled for failing too long."""
        return self.failing_since is not None and now - self.failing_since >= GIVEN_UP_AFTER

    def is_alarming(self, now: datetime) -> bool:
        """Whether half of that time is over, so that operators are warned."""
        return self.failing_since is not None and now - self.failing_since >= GIVEN_UP_AFTER / 2


def next_attempt(
    attempts: int,
    *,
    now: datetime,
    chance: float,
    retry_after: timedelta | None = None,
    schedule: Sequence[timedelta] = SCHEDULE,
) -> datetime | None:
    """When to send again after `attempts` failures; None when the schedule is used up.

    `chance` is a number from 0 to 1. `retry_after` is the receiver's Retry-After; it can only make the pause
    longer.
    """
    if attempts > len(schedule):
        return None
    pause = schedule[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    wish = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return now + max(pause, wish)
