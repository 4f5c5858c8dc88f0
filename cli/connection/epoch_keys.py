"""The epoch keys of a running gateway, and what wraps stored keys again, for commands.

Each part is imported at first use: a health check runs often, and needs no database.
"""

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.processes.process import ProcessContext

if TYPE_CHECKING:
    from adapters.keys.guarded import GuardedKeys
    from adapters.store.identity.keys.rewrap import Rewrap, Rewrapped


class EpochKeys:
    """Reads and rewraps keys; every method raises ServerAway."""

    def __init__(self, process: ProcessContext) -> None:
        self._process = process

    @property
    def store(self) -> "GuardedKeys | None":
        """The store of epoch keys; None without FACEID_KEYS_URL."""
        return self._process.key_store

    async def are_opened_by_all(self) -> bool:
        """Whether every live process opens data keys under epochs. Raises RedisAway."""
        await self._process.readers.look()
        return self._process.readers.all_open_epoch_keys()

    def rewrap(self) -> "Rewrap":
        """What wraps the stored data keys again."""
        from adapters.store.identity.keys.rewrap import Rewrap  # noqa: PLC0415 - as above

        return Rewrap(self._process.engine, self._process.keys, self._process.epochs)

    async def callbacks_wait(self) -> bool:
        """Whether callbacks wait for a worker. Raises RedisAway."""
        from adapters.intake.inbox import RedisInbox  # noqa: PLC0415 - as above

        process = self._process
        return await RedisInbox(process.redis, keys=process.keys, names=process.names).waiting() > 0

    async def rewrap_epochs(self) -> "Rewrapped":
        """Wrap the epochs' keys by the newest master key."""
        from adapters.store.identity.keys.rewrap import Rewrapped, rewrap_epochs  # noqa: PLC0415 - as above

        store = self._process.key_store
        return Rewrapped(0) if store is None else await rewrap_epochs(store, self._process.keys)

    async def rows(self) -> "Counter[UUID]":
        """The number of verifications and dead letters under each epoch."""
        from adapters.store.identity.keys.wrapped import TABLES, count_by_epoch  # noqa: PLC0415 - as above

        rows: Counter[UUID] = Counter()
        for keys in TABLES:
            rows.update(await count_by_epoch(self._process.engine, keys))
        return rows
