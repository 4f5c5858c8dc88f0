"""The opened epoch keys of one process: a bounded number, the last used, each for a limited time."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec

from adapters.sealing.envelope import SealingKey


class Opened(msgspec.Struct, frozen=True):
    """An opened epoch. `key` None: it is destroyed, or there is none. `until`: by the monotonic clock."""

    key: SealingKey | None
    until: float


class OpenedEpochs:
    """The keys by the ids of their epochs. `life`: how long a key stays after it was put."""

    def __init__(self, monotonic: Callable[[], float], *, life: timedelta, most: int) -> None:
        self._monotonic = monotonic
        self._life = life.total_seconds()
        self._most = most
        self._opened: OrderedDict[UUID, Opened] = OrderedDict()

    def ids(self) -> set[UUID]:
        """The epochs that were put, also too long ago."""
        return set(self._opened)

    def get(self, epoch_id: UUID) -> Opened | None:
        """The epoch, unless it was put too long ago."""
        opened = self._opened.get(epoch_id)
        if opened is None or opened.until <= self._monotonic():
            return None
        self._opened.move_to_end(epoch_id)
        return opened

    def left(self) -> float:
        """Seconds for which all keys stay that are here; 0 if there is none."""
        ends = [opened.until for opened in self._opened.values() if opened.key is not None]
        return max(0.0, min(ends) - self._monotonic()) if ends else 0.0

    def put(self, epoch_id: UUID, key: SealingKey | None) -> None:
        """Keep it, in the place of the one used longest ago if there are too many."""
        self._opened[epoch_id] = Opened(key, self._monotonic() + self._life)
        self._opened.move_to_end(epoch_id)
        while len(self._opened) > self._most:
            self._opened.popitem(last=False)
