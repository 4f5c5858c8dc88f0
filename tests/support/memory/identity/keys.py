"""A key store in memory, which can be away, slow, forgetful or another one."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from adapters.keys.away import KeysAway
from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period


class MemoryKeys:
    """Counts the calls. `failures`: how many of the next calls fail; `is_away`: all of them do."""

    def __init__(self) -> None:
        self.id = uuid4()
        self.kept: dict[UUID, Epoch] = {}
        self.erased: dict[str, Erased] = {}
        self.is_away = False
        self.failures = 0
        self.calls: list[str] = []

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts."""
        await self._answer("state")
        destroyed = sum(epoch.wrapped is None for epoch in self.kept.values())
        return KeyStoreState(self.id, len(self.kept), destroyed, len(self.erased))

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """The stored epoch, created if there is none."""
        await self._answer("create")
        return self.kept.setdefault(period.id, Epoch(period, wrapped))

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these that exist or existed."""
        await self._answer("find")
        return [self.kept[each] for each in ids if each in self.kept]

    async def epochs(self) -> list[Epoch]:
        """Every epoch."""
        await self._answer("epochs")
        return sorted(self.kept.values(), key=lambda each: (each.period.app_id, each.period.begins))

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` for `old`."""
        await self._answer("replace")
        epoch = self.kept.get(epoch_id)
        if epoch is None or epoch.wrapped != old:
            return False
        self.kept[epoch_id] = Epoch(epoch.period, new)
        return True

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key."""
        await self._answer("destroy")
        epoch = self.kept.get(epoch_id)
        if epoch is None or epoch.wrapped is None:
            return False
        self.kept[epoch_id] = Epoch(epoch.period, None, now)
        return True

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the ledger."""
        await self._answer("append")
        return self.erased.setdefault(key, Erased(len(self.erased) + 1, key, at)).position

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Entries of the ledger."""
        await self._answer("entries")
        return list(self.erased.values())[after : after + limit]

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _answer(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(0)
        self.failures -= 1
        if self.is_away or self.failures >= 0:
            raise KeysAway("away")
