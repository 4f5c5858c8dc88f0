"""A key store whose epochs are sealed by a key service: a key of the service for each epoch.

The registry, another key store, has the sealed epochs, the tombstones and the erasure ledger. A backup of it
opens nothing once the service has destroyed an epoch's key.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from adapters.keys.away import KeysAway
from adapters.keys.guarded import KeyStore
from adapters.keys.services.service import KeyGone, KeyService
from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period


class Sealed(msgspec.Struct, frozen=True):
    """An epoch's wrapped key, sealed by the key `key` of the service."""

    key: str
    ciphertext: str


class ServiceKeys:
    """Epochs in `registry`, sealed by `service`. Every method raises KeysAway."""

    def __init__(self, registry: KeyStore, service: KeyService) -> None:
        self._registry = registry
        self._service = service

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()
        await self._registry.aclose()

    async def state(self) -> KeyStoreState:
        """The identity of the registry, and its counts."""
        return await self._registry.state()

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """Keep a key for this period, unless there is one, and return the stored epoch."""
        if known := await self.find([period.id]):
            return known[0]
        key = await self._service.create(str(period.id))
        sealed = await self._sealed(key, wrapped, epoch_id=period.id)
        stored = await self._registry.create(period, sealed)
        if stored.wrapped != sealed:
            # Another process was first: nothing is under this key.
            await self._service.destroy(key)
        return await self._opened(stored)

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed. One whose key is gone counts as destroyed."""
        return await asyncio.gather(*map(self._opened, await self._registry.find(ids)))

    async def epochs(self) -> list[Epoch]:
        """Every epoch, by app and begin, with its key still sealed."""
        return await self._registry.epochs()

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` for `old`; the service's key stays."""
        for stored in await self._registry.find([epoch_id]):
            opened = await self._opened(stored)
            if stored.wrapped is not None and opened.wrapped == old:
                sealed = await self._sealed(_read(stored.wrapped).key, new, epoch_id=epoch_id)
                return await self._registry.replace(epoch_id, stored.wrapped, sealed)
        return False

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy the service's key, then the epoch. After a crash in between, repeating finishes it."""
        for stored in await self._registry.find([epoch_id]):
            if stored.wrapped is not None:
                await self._service.destroy(_read(stored.wrapped).key)
        return await self._registry.destroy(epoch_id, now=now)

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the registry's ledger."""
        return await self._registry.append(key, at=at)

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Entries of the registry's ledger."""
        return await self._registry.entries(after=after, limit=limit)

    async def _sealed(self, key: str, wrapped: bytes, *, epoch_id: UUID) -> bytes:
        ciphertext = await self._service.encrypt(key, wrapped, epoch=str(epoch_id))
        return msgspec.json.encode(Sealed(key, ciphertext))

    async def _opened(self, stored: Epoch) -> Epoch:
        if stored.wrapped is None:
            return stored
        sealed = _read(stored.wrapped)
        try:
            opened = await self._service.decrypt(sealed.key, sealed.ciphertext, epoch=str(stored.id))
        except KeyGone:
            return Epoch(stored.period, None)
        return Epoch(stored.period, opened)


def _read(content: bytes) -> Sealed:
    try:
        return msgspec.json.decode(content, type=Sealed)
    except msgspec.DecodeError:
        raise KeysAway("the registry has an epoch that this key service did not seal") from None
