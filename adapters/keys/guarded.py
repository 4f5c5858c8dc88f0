"""A key store that is used only while it is the one that the database's data is under.

The database remembers the store's identity and its counts. Another store, or one that was rolled back to a
backup, must not be used: it would make destroyed epochs readable again, or make second keys for epochs that
data is under already.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from adapters.keys.away import KeysAway, WrongKeyStore
from domain.errors import EpochInUse, ServerAway
from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period
from domain.identity.keys.marks import trouble_of_store


class KeyStore(Protocol):
    """Epochs and ledger, as every store has them; `usecases.ports.identity.keys` tells what they promise."""

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts."""

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """The stored epoch of this period, created if there is none."""

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed."""

    async def epochs(self) -> list[Epoch]:
        """Every epoch."""

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` for `old`."""

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key."""

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the erasure ledger."""

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Entries of the erasure ledger."""

    async def aclose(self) -> None:
        """Close the connections."""


class StoreMarks(Protocol):
    """What the database remembers of its key store. Raises DatabaseAway."""

    async def read(self) -> KeyStoreState | None:
        """The mark; None if there was no key store yet."""

    async def raise_to(self, state: KeyStoreState) -> None:
        """Remember these counts, where they are greater."""


class GuardedKeys:
    """The store, checked before its first use and whenever it makes or destroys something."""

    def __init__(self, store: KeyStore, marks: StoreMarks) -> None:
        self._store = store
        self._marks = marks
        self._is_checked = False

    async def check(self) -> KeyStoreState:
        """Compare the store with the database's mark, and raise the mark.

        Raises:
            WrongKeyStore: it must not be used.
            KeysAway: the store, or the database, is away.
        """
        try:
            # The mark first: other processes raise both, and the store is always raised before.
            known = await self._marks.read()
            state = await self._store.state()
            self._is_checked = (trouble := trouble_of_store(known, state)) is None
            if trouble is not None:
                raise WrongKeyStore(f"FACEID_KEYS_URL: {trouble}")
            await self._marks.raise_to(state)
        except KeysAway:
            raise
        except ServerAway as error:
            raise KeysAway(f"the key store cannot be checked: PostgreSQL is away ({error.kind})") from None
        return state

    async def state(self) -> KeyStoreState:
        """The state of the checked store. Raises KeysAway."""
        return await self.check()

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """The stored epoch of this period; the database knows a new one before data is under it."""
        await self._check_once()
        epoch = await self._store.create(period, wrapped)
        if epoch.wrapped == wrapped:
            await self.check()
        return epoch

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed. Raises KeysAway."""
        await self._check_once()
        return await self._store.find(ids)

    async def epochs(self) -> list[Epoch]:
        """Every epoch. Raises KeysAway."""
        await self._check_once()
        return await self._store.epochs()

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` for `old`. Raises KeysAway."""
        await self._check_once()
        return await self._store.replace(epoch_id, old, new)

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy the key of an epoch that nothing is written to any more.

        Raises:
            EpochInUse: a process may still put data under it.
            KeysAway: the store is away.
        """
        await self._check_once()
        if not all(epoch.may_go(now) for epoch in await self._store.find([epoch_id])):
            raise EpochInUse
        done = await self._store.destroy(epoch_id, now=now)
        await self.check()
        return done

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the erasure ledger. Raises KeysAway."""
        await self._check_once()
        position = await self._store.append(key, at=at)
        await self.check()
        return position

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Entries of the erasure ledger. Raises KeysAway."""
        await self._check_once()
        return await self._store.entries(after=after, limit=limit)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._store.aclose()

    async def _check_once(self) -> None:
        if not self._is_checked:
            await self.check()
