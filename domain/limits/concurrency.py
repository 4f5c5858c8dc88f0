"""How many calls a server takes at once, learned from what it refuses.

Pure: the state is a value, each event gives the next one, `now` is passed in as seconds of a clock that never
goes back. The limit starts low and doubles with each round of good answers. Where the server refuses a call
for their number it is halved, and creeps up from then on: to just below what was refused, and beyond that
only after `REMEMBERED`, because each try costs a call.
"""

from datetime import timedelta
from typing import Final

import msgspec

FIRST_LIMIT: Final = 8
REMEMBERED: Final = timedelta(minutes=10)


class Concurrency(msgspec.Struct, frozen=True):
    """What is known at one moment. `most`: what our side allows. `halvings`: how often the limit was halved;
    a call keeps the number that stood when it began. `refused_at_once`: how many were under way when the
    last one was refused, at `refused_at`."""

    most: int
    limit: float = FIRST_LIMIT
    halvings: int = 0
    refused_at_once: int | None = None
    refused_at: float = 0

    @property
    def permitted(self) -> int:
        """How many calls may be under way."""
        return max(1, int(min(self.limit, self.most)))

    def succeeded(self, under_way: int, now: float) -> "Concurrency":
        """A call ended well while `under_way` were, itself included. A limit that nobody uses stays."""
        if under_way < self.permitted or self.permitted >= self.ceiling(now):
            return self
        is_far_below = self.refused_at_once is None or self.limit < self.refused_at_once / 2
        step = 1 if is_far_below else 1 / self.limit
        return msgspec.structs.replace(self, limit=min(self.limit + step, float(self.most)))

    def refused(self, under_way: int, now: float, *, halvings: int) -> "Concurrency":
        """A call was refused for the number of those `under_way`; it began after `halvings` halvings. Those
        that began together are refused together: the limit is halved once for all of them."""
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
        """After an outage: one at a time, and quickly up again to what was known."""
        return msgspec.structs.replace(self, limit=1.0, halvings=self.halvings + 1)

    def ceiling(self, now: float) -> int:
        """What the limit may grow to at `now`."""
        if self.refused_at_once is None or now - self.refused_at >= REMEMBERED.total_seconds():
            return self.most
        return max(1, self.refused_at_once - 1)
