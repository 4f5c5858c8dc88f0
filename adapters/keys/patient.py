"""Calls of a key store that may be slow or fail now and then."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from adapters.keys.away import KeysAway

_PATIENCE: Final = 3.0
"""Seconds that one call may take."""

_TRIES: Final = 3
_REST: Final = 1.0
"""Seconds after a failure in which the store is not called: work that needs it fails at once."""

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class PatientCalls:
    """Repeats a failed call twice, then lets the store rest.

    `is_up`: the last call was answered in the end. `failures`: calls without an answer, repeated ones too.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._rests_until = float("-inf")
        self.is_up = True
        self.failures = 0

    async def call(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the call returns. Raises KeysAway."""
        if self._monotonic() < self._rests_until:
            raise KeysAway("the key store failed just now")
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._repeated(call)
        except (KeysAway, TimeoutError) as error:
            self.is_up, self.failures = False, self.failures + 1
            self._rests_until = self._monotonic() + _REST
            away = error if isinstance(error, KeysAway) else KeysAway("the key store is too slow")
            log.warning("keys.away", detail=away.detail)
            raise away from None
        self.is_up = True
        return answer

    async def _repeated(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        for _ in range(_TRIES - 1):
            try:
                return await call()
            except KeysAway:
                self.failures += 1
        return await call()
