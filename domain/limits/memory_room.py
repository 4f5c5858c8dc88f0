"""How much of Redis's memory the ingress may fill, so that workers always have room to empty it.

A worker has to write a little (a claim, a wake-up, its heartbeat) before it can remove a batch. A Redis that
is full to its `maxmemory` would refuse that too, and stay full until a person helps.
"""

from typing import Final

import msgspec

BETWEEN_LOOKS: Final = 4
"""A process may write this part of what is left before it looks again: other processes write too."""

WORTH_A_LOOK: Final = 16
"""After writing this part of what is left, a new look is due at once."""

NEXT_TO_NOTHING: Final = 16
"""With less than this part of what the ingress may fill, Redis counts as full for whoever is told."""

_SMALLEST: Final = 4096
_OVERHEAD: Final = 1024
"""Bytes of Redis for a batch beside its sealed bytes: keys, indexes, the job that wakes a worker."""


class MemoryRules(msgspec.Struct, frozen=True):
    """Where the ingress stops: at `high_water` bytes, and at `share` of Redis's `maxmemory` if it has one."""

    high_water: int
    share: float

    def stop_at(self, maxmemory: int) -> int:
        """The bytes in use from which on callbacks go to the spool. `maxmemory` 0: Redis has no limit."""
        return min(self.high_water, int(self.share * maxmemory)) if maxmemory else self.high_water


MEMORY_RULES: Final = MemoryRules(high_water=1024**3, share=0.75)


class MemoryRoom(msgspec.Struct, frozen=True):
    """Redis's memory as one process knows it: `used` at the last look, what it has `written` since."""

    used: int
    stop_at: int
    written: int = 0

    @property
    def left(self) -> int:
        """Bytes up to the mark when it was looked at; not below zero."""
        return max(self.stop_at - self.used, 0)

    @property
    def is_full(self) -> bool:
        """Whether next to nothing was left when it was looked at."""
        return self.left < max(self.stop_at // NEXT_TO_NOTHING, _SMALLEST)

    @property
    def is_roomy(self) -> bool:
        """Whether a Redis that was full is so no longer. Between the two it stays what it was."""
        return self.left > max(2 * self.stop_at // NEXT_TO_NOTHING, _SMALLEST)

    @property
    def is_open(self) -> bool:
        """Whether a small batch may be written."""
        return self.takes(_SMALLEST)

    @property
    def is_outdated(self) -> bool:
        """Whether so much was written since the last look that a new one is due."""
        return self.written * WORTH_A_LOOK > self.left

    def takes(self, cost: int) -> bool:
        """Whether `cost` bytes may be written. The first write after a look may use all that is left, so
        that a batch larger than its part goes through some time."""
        return cost <= (self.left if self.written == 0 else self.left // BETWEEN_LOOKS - self.written)

    def wrote(self, cost: int) -> "MemoryRoom":
        """The room after a write of `cost` bytes."""
        return msgspec.structs.replace(self, written=self.written + cost)


def cost_of(sealed_bytes: int) -> int:
    """About how much memory a batch of so many bytes takes in Redis; its allocator rounds up by a quarter."""
    return sealed_bytes + sealed_bytes // 4 + _OVERHEAD
