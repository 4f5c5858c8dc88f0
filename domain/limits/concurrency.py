"""How many calls a server takes at once, learned from its refusals.

Pure: the state is a value, each event returns the next one, and `now` is the seconds of a monotonic clock.
The limit starts low and doubles with each round of good answers. When the server refuses a call because
there are too many, the limit is halved and then grows slowly: to just below the refused number, and beyond
it only after `REMEMBERED`, because each try costs a call.
"""

from datetime import timedelta
from typing import Final

import msgspec

FIRST_LIMIT: Final = 8
REMEMBERED: Final = timedelta(minutes=10)


class Concurrency(msgspec.Struct, frozen=True):
    """The state at one moment. `most`: the configured maximum. `halvings`: how often the limit was halved;
    a call keeps the number from its start. `refused_at_once`: the calls in flight at the last refusal, which
    was at `refused_at`."""

    most: int
    limit: float = FIRST_LIMIT
    halvings: int = 0
    refused_at_once: int | None = None
    refused_at: float = 0

    @property
    def permitted(self) -> int:
        """How many calls may be in flight."""
        return max(1, int(min(self.limit, self.most)))

    def succeeded(self, under_way: int, now: float) -> "Concurrency":
        """A call succeeded while `under_way`, itself included, were in flight. An unused limit stays."""
        if under_way < self.permitted or self.permitted >= self.ceiling(now):
            return self
        is_far_below = self.refused_at_once is None or self.limit < self.refused_at_once / 2
        step = 1 if is_far_below else 1 / self.limit
        return msgspec.structs.replace(self, limit=min(self.limit + step, float(self.most)))

    def refused(self, under_way: int, now: float, *, halvings: int) -> "Concurrency":
        """A call was refused because `under_way` were in flight; it began after `halvings` halvings. Calls
        that began together are refused together, so the limit is halved once for all of them."""
        if halvings < self.halvings:
            return self
        at_once = min(self.permitted, under_way)
        return msgspec.structs.replace(
            self,
            limit=max(1.0, at_once / 2),
            halvings=self.halvings + 1,
            refused_at_once=at_once,
            refused_at=now,
        )

    def restarted(self) -> "Concurrency":
        """After an outage: start with one call at a time and grow quickly to the known limit."""
        return msgspec.structs.replace(self, limit=1.0, halvings=self.halvings + 1)

    def ceiling(self, now: float) -> int:
        """The value up to which the limit may grow at `now`."""
        if self.refused_at_once is None or now - self.refused_at >= REMEMBERED.total_seconds():
            return self.most
        return max(1, self.refused_at_once - 1)
