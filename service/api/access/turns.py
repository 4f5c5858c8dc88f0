"""Limit each token's rate, open requests and running requests in one process, and the running requests of all
tokens together.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from domain.limits.quotas import BACKTESTS_AT_ONCE, Cost, Quota
from domain.limits.throttle import Buckets
from service.api.access.fair_slots import FairSlots

_SOON: Final = 1.0
"""Seconds after which a refused request may find a free slot."""


class TooMany(Exception):
    """The token has too many requests. `retry_after`: seconds until the next one is accepted."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class Turn:
    """A request's right to run: one of its token's slots, and then one of the process's."""

    def __init__(self, caller: str, mine: asyncio.Semaphore, ours: FairSlots) -> None:
        self._caller = caller
        self._mine = mine
        self._ours = ours
        self._has_mine = self._has_ours = False

    async def prepare(self) -> None:
        """Wait for one of the token's slots. The token is checked and the body is read while this slot is
        held.
        """
        await self._mine.acquire()
        self._has_mine = True

    async def work(self) -> None:
        """Wait for one of the process's slots too."""
        await self._ours.acquire(self._caller)
        self._has_ours = True

    def give_up(self) -> None:
        """Give back all slots; harmless if that was done before."""
        if self._has_ours:
            self._has_ours = False
            self._ours.release()
        if self._has_mine:
            self._has_mine = False
            self._mine.release()

    @asynccontextmanager
    async def rest(self) -> AsyncIterator[None]:
        """Give back the slots while the block waits, and take them again afterwards."""
        self.give_up()
        yield
        await self.prepare()
        await self.work()


class _Share:
    def __init__(self, quota: Quota) -> None:
        self.open = 0
        self.slots = asyncio.Semaphore(quota.working)


class Turns:
    """Turns by token and cost. Unused entries are dropped."""

    def __init__(
        self, quotas: Mapping[Cost, Quota], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._quotas = quotas
        self._monotonic = monotonic
        self._rates = {cost: Buckets(quota.rate) for cost, quota in quotas.items()}
        self._slots = {cost: FairSlots(quota.together) for cost, quota in quotas.items()}
        self._shares: dict[tuple[str, Cost], _Share] = {}
        self._backtests = 0

    @asynccontextmanager
    async def enter(self, key: str, cost: Cost, *, caller: str = "") -> AsyncIterator[Turn]:
        """The prepared turn of a request, for the duration of the block. Raises TooMany.

        `key` identifies the token; requests with the same `caller` share one queue.
        """
        share = self._admit(key, cost)
        turn = Turn(caller, share.slots, self._slots[cost])
        share.open += 1
        self._backtests += cost is Cost.BACKTEST
        try:
            await turn.prepare()
            await self._keep_rate(key, cost)
            yield turn
        finally:
            turn.give_up()
            share.open -= 1
            self._backtests -= cost is Cost.BACKTEST
            if not share.open:
                self._shares.pop((key, cost), None)

    async def _keep_rate(self, key: str, cost: Cost) -> None:
        """Wait until the rate allows the request, if that is soon: sequential requests are slowed down, not
        refused.
        """
        while wait := self._rates[cost].take(key, self._monotonic()):
            if wait > _SOON:
                raise TooMany(wait)
            await asyncio.sleep(wait)

    def _admit(self, key: str, cost: Cost) -> _Share:
        quota = self._quotas[cost]
        share = self._shares.get((key, cost)) or _Share(quota)
        if share.open >= quota.open or (cost is Cost.BACKTEST and self._backtests >= BACKTESTS_AT_ONCE):
            raise TooMany(_SOON)
        return self._shares.setdefault((key, cost), share)
