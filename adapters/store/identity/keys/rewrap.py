"""Wrap stored data keys again: by their epochs, where there is a key store, else by the newest master key.

Data keys stay the same, so nothing is encrypted again. Every step changes rows only from what it read, so
workers go on, and a run that was ended begins again where it was.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import in_epoch
from adapters.keys.epochs import Epochs, epoch_place
from adapters.keys.guarded import KeyStore
from adapters.sealing.envelope import KeyRing, place_of
from adapters.store.identity.keys.wrapped import (
    FIRST,
    TABLES,
    WrappedKey,
    WrappedKeys,
    by_master_keys,
    count_by_master_keys,
    exchange,
)
from domain.errors import BrokenSeal

_PASSES: Final = 20
_PAUSE: Final = 0.5
"""Seconds between two passes over a table: the second one is for rows that were locked."""


class Rewrapped(NamedTuple):
    """What one step did. `missed`: rows that changed meanwhile, or were locked. `unreadable`: no key opens
    them."""

    done: int
    missed: int = 0
    unreadable: int = 0


class Rewrap:
    """Rewraps the keys of one database. `epochs` None: there is no key store."""

    def __init__(self, engine: AsyncEngine, ring: KeyRing, epochs: Epochs | None) -> None:
        self._engine = engine
        self._ring = ring
        self._epochs = epochs

    async def count(self) -> int:
        """The number of rows to rewrap. Raises DatabaseAway."""
        counts = [await self._count(keys) for keys in TABLES]
        return sum(counts)

    async def steps(self) -> AsyncIterator[Rewrapped]:
        """Rewrap every row, a page a step. Raises DatabaseAway, KeysAway."""
        for keys in TABLES:
            for _ in range(_PASSES):
                missed = 0
                async for step in self._pass(keys):
                    missed += step.missed
                    yield step
                if not missed:
                    break
                # Others held these rows.
                await asyncio.sleep(_PAUSE)

    async def _pass(self, keys: WrappedKeys) -> AsyncIterator[Rewrapped]:
        """One page is stored while the next one is wrapped."""
        after, storing = FIRST, None
        while rows := await self._page(keys, after):
            wanted = await self._wrapped(keys, rows)
            if storing is not None:
                yield await storing
            storing = asyncio.create_task(self._store(keys, wanted, unreadable=len(rows) - len(wanted)))
            after = rows[-1].id
        if storing is not None:
            yield await storing

    async def _page(self, keys: WrappedKeys, after: UUID) -> list[WrappedKey]:
        return await by_master_keys(self._engine, keys, after=after, except_by=self._kept_by(keys))

    async def _count(self, keys: WrappedKeys) -> int:
        return await count_by_master_keys(self._engine, keys, except_by=self._kept_by(keys))

    def _kept_by(self, keys: WrappedKeys) -> bytes | None:
        """The master key whose rows are as they should be."""
        goes_under_epoch = self._epochs is not None and keys.born is not None
        return None if goes_under_epoch else self._ring.newest_id

    async def _wrapped(self, keys: WrappedKeys, rows: list[WrappedKey]) -> list[tuple[UUID, bytes, bytes]]:
        wanted: list[tuple[UUID, bytes, bytes]] = []
        for row in rows:
            new = await self._rewrapped(keys, row)
            if new is not None:
                wanted.append((row.id, row.wrapped, new))
        return wanted

    async def _store(
        self, keys: WrappedKeys, wanted: list[tuple[UUID, bytes, bytes]], *, unreadable: int
    ) -> Rewrapped:
        done = await exchange(self._engine, keys, wanted) if wanted else 0
        return Rewrapped(done, len(wanted) - done, unreadable)

    async def _rewrapped(self, keys: WrappedKeys, row: WrappedKey) -> bytes | None:
        """The row's key, wrapped again; None if no master key opens it."""
        place = place_of(row.app_id, keys.column, row.id)
        try:
            if self._epochs is None or row.born is None:
                return self._ring.rewrap(row.wrapped, place=place)
            epoch_id, key = await self._epochs.at(row.app_id, row.born)
            return in_epoch(epoch_id, self._ring.rewrap_under(key, row.wrapped, place=place))
        except BrokenSeal:
            return None


async def rewrap_epochs(store: KeyStore, ring: KeyRing) -> Rewrapped:
    """Wrap every epoch's key by the newest master key. Raises KeysAway."""
    done = missed = unreadable = 0
    for listed in await store.epochs():
        for epoch in await store.find([listed.id]):
            if epoch.wrapped is None or ring.is_wrapped_by_newest(epoch.wrapped):
                continue
            try:
                new = ring.rewrap(epoch.wrapped, place=epoch_place(epoch.period))
            except BrokenSeal:
                unreadable += 1
                continue
            if await store.replace(epoch.id, epoch.wrapped, new):
                done += 1
            else:
                missed += 1
    return Rewrapped(done, missed, unreadable)
