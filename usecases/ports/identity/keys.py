"""The key store: epoch keys and the erasure ledger, kept apart from the data that they protect."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period


class EpochKeys(Protocol):
    """The epochs in the store that FACEID_KEYS_URL names. Every method raises ServerAway."""

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts."""

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """Keep a key for this period and return the stored epoch: of several processes, the first one's.

        A destroyed epoch is returned as it is, without a key.
        """

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed, in one call."""

    async def epochs(self) -> list[Epoch]:
        """Every epoch, by app and begin, the destroyed ones too. Keys may be left out."""

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new`, the same key under another master key, for `old`; False if that is not there."""

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key for good; its tombstone is durable on return.

        False if it was destroyed before, or never existed. Raises EpochInUse.
        """


class ErasureLedger(Protocol):
    """The erased data keys, kept beside the epoch keys. Every method raises ServerAway."""

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry and return its position; it is durable on return.

        `key`: an opaque id of at most 128 characters. The same key again is the same entry.
        """

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Up to `limit` entries behind the position `after`, in order."""
