"""Failed authentications by address, and the pause before an address with too many is answered."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from domain.limits.throttle import REMEMBERED, Buckets, Rate, caller_of

_FAILURES: Final = Rate(per_second=5, burst=200)
_PAUSE: Final = 2.0
_PAUSES_AT_ONCE: Final = 2048
_CROWD: Final = 200
"""At this many delayed answers, each pause is twice as long."""


class Tries:
    """Valid tokens are remembered by their hash, so that other clients' failures from the same address (for
    example a proxy's) do not lock them out. They are still checked each time."""

    def __init__(self, *, rate: Rate = _FAILURES, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._failures = Buckets(rate)
        self._monotonic = monotonic
        self._good: OrderedDict[str, None] = OrderedDict()

    def knows(self, key: str) -> bool:
        """Whether the token with this key was valid."""
        return key in self._good

    def wait_for(self, address: str, key: str) -> float:
        """Seconds until the token with this key may be tried from this address; 0: now."""
        if key in self._good:
            return 0.0
        return self._failures.lacks(caller_of(address), self._monotonic())

    def succeeded(self, key: str) -> None:
        """The token is valid."""
        self._good[key] = None
        self._good.move_to_end(key)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def failed(self, address: str, key: str | None) -> float:
        """The token is unknown or missing; returns the seconds by which the address exceeds its rate."""
        if key is not None:
            self._good.pop(key, None)
        return self._failures.take(caller_of(address), self._monotonic())


class Pauses:
    """Delays the answers to clients that ask too often, since a waiting client does not ask again.

    The more answers are delayed, the longer each. Their number is bounded; others are answered immediately.
    """

    def __init__(self, *, seconds: float = _PAUSE, at_once: int = _PAUSES_AT_ONCE) -> None:
        self._seconds = seconds
        self._at_once = at_once
        self._held = 0

    async def hold(self) -> None:
        """Wait for a random time, so that clients do not all come back at once."""
        if self._held >= self._at_once:
            return
        self._held += 1
        try:
            seconds = self._seconds * (1 + self._held / _CROWD)
            await asyncio.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        finally:
            self._held -= 1
