"""How much of Redis's memory the ingress may fill, so that workers always have memory to drain it.

A worker has to write a little (a claim, a wake-up, its heartbeat) before it can remove a batch. A Redis at
its `maxmemory` refuses that too, and stays full until an operator helps.
"""

from typing import Final

import msgspec

BETWEEN_LOOKS: Final = 4
"""A process may write one N-th of what is left before it reads the usage again: others write too."""

WORTH_A_LOOK: Final = 16
"""After writing one N-th of what is left, the usage is read again at once."""

NEXT_TO_NOTHING: Final = 16
"""With less than one N-th of the ingress's share left, Redis is reported as full."""

_SMALLEST: Final = 4096
_OVERHEAD: Final = 1024
"""Redis's overhead per batch in bytes: keys, indexes, the job that wakes a worker."""


class MemoryRules(msgspec.Struct, frozen=True):
    """The ingress stops at `high_water` bytes, or at `share` of Redis's `maxmemory` if that is lower."""

    high_water: int
    share: float

    def stop_at(self, maxmemory: int) -> int:
        """The bytes in use at which callbacks start to go to the spool. `maxmemory` 0: Redis has no limit."""
        return min(self.high_water, int(self.share * maxmemory)) if maxmemory else self.high_water


MEMORY_RULES: Final = MemoryRules(high_water=1024**3, share=0.75)


class MemoryRoom(msgspec.Struct, frozen=True):
    """Redis's memory as one process knows it: `used` at the last reading, bytes `written` since then."""

    used: int
    stop_at: int
    written: int = 0

    @property
    def left(self) -> int:
        """Bytes left below the mark at the last reading; at least 0."""
        return max(self.stop_at - self.used, 0)

    @property
    def is_full(self) -> bool:
        """Whether almost nothing was left at the last reading."""
        return self.left < max(self.stop_at // NEXT_TO_NOTHING, _SMALLEST)

    @property
    def is_roomy(self) -> bool:
        """Whether a full Redis counts as having memory again. Between the two marks the state stays."""
        return self.left > max(2 * self.stop_at // NEXT_TO_NOTHING, _SMALLEST)

    @property
    def is_open(self) -> bool:
        """Whether a small batch may be written."""
        return self.takes(_SMALLEST)

    @property
    def is_outdated(self) -> bool:
        """Whether so much was written since the last reading that a new one is due."""
        return self.written * WORTH_A_LOOK > self.left

    def takes(self, cost: int) -> bool:
        """Whether `cost` bytes may be written. The first write after a reading may use all that is left, so
        that a batch larger than its part is not refused forever."""
        return cost <= (self.left if self.written == 0 else self.left // BETWEEN_LOOKS - self.written)

    def wrote(self, cost: int) -> "MemoryRoom":
        """The state after a write of `cost` bytes."""
        return msgspec.structs.replace(self, written=self.written + cost)


def cost_of(sealed_bytes: int) -> int:
    """The approximate memory of a batch in Redis, in bytes; its allocator rounds up by a quarter."""
    return sealed_bytes + sealed_bytes // 4 + _OVERHEAD
