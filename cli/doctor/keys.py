"""`doctor` checks the key store, and which master keys are no longer needed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from adapters.keys.away import KeysAway
from adapters.keys.guarded import KeyStore
from adapters.postgres.sqlstate import DatabaseAway
from adapters.processes.keys import older_than_ledger
from adapters.processes.process import ProcessContext
from adapters.settings.settings import Settings
from adapters.store.identity.applied import PgApplied
from adapters.store.identity.keys.marks import PgKeyMarks
from adapters.store.identity.keys.wrapped import TABLES, count_by_master_keys, is_used
from cli.doctor.check import Check
from domain.errors import SettingsError
from domain.identity.keys.epochs import KeyStoreState

STORE: Final = "key store"
MASTER_KEYS: Final = "master keys"


async def check_keys(settings: Settings) -> AsyncIterator[Check]:
    """The store of epoch keys, data keys of an older format, and the older master keys."""
    async with ProcessContext.of(settings, timeout=timedelta(seconds=3)) as process:
        try:
            known = await PgKeyMarks(process.engine).read()
            yield await _check_store(process, known)
            if process.key_store is not None and (rows := await _count_older(process)):
                yield Check(
                    MASTER_KEYS, None, f"{rows} rows are under no epoch yet: run `faceid-gateway keys rewrap`"
                )
            for position, key_id in enumerate(process.keys.ids()[1:], start=2):
                yield await _check_older(process, position, bytes.fromhex(key_id))
        except SettingsError as error:
            yield Check(STORE, False, str(error))
        except KeysAway as error:
            yield Check(STORE, False, error.detail)
        except DatabaseAway:
            yield Check(
                MASTER_KEYS, None, "cannot be checked: PostgreSQL is away, or the tables are too long"
            )


async def _check_store(process: ProcessContext, known: KeyStoreState | None) -> Check:
    if process.key_store is not None:
        state = await process.key_store.check()
        missing = await PgApplied(process.engine).missing(process.key_store, erased=state.erased)
        if missing:
            return Check(STORE, False, older_than_ledger(len(missing)))
        counts = f"{state.epochs} epochs, {state.destroyed} of them destroyed, {state.erased} erasures"
        return Check(STORE, True, f"is the one that this data's keys are in; {counts}")
    if known is not None:
        return Check(STORE, False, "FACEID_KEYS_URL is not set, but the keys of this data are in a key store")
    return Check(STORE, None, "FACEID_KEYS_URL is not set: a backup of the database undoes every erasure")


async def _count_older(process: ProcessContext) -> int:
    counts = [await count_by_master_keys(process.engine, keys) for keys in TABLES if keys.born is not None]
    return sum(counts)


async def _check_older(process: ProcessContext, position: int, key_id: bytes) -> Check:
    users = [keys.table for keys in TABLES if await is_used(process.engine, keys, master_key=key_id)]
    if await _hashes_numbers(process, key_id):
        users.append("id_numbers")
    if process.key_store is not None and await _wraps_epochs(process.key_store, key_id):
        users.append("epochs")
    if users:
        needed = f"key {position} is still needed for {', '.join(users)}: run `faceid-gateway keys rewrap`"
        return Check(MASTER_KEYS, None, needed)
    return Check(
        MASTER_KEYS,
        None,
        f"key {position} may go, once the inbox and every spool have been empty since the change; "
        "receipts that it has signed can be checked as long as it is configured",
    )


async def _hashes_numbers(process: ProcessContext, key_id: bytes) -> bool:
    """Whether digests of the blind index are by this master key."""
    async with process.engine.connect() as connection:
        return bool(await connection.scalar(_BY_KEY, {"key_id": key_id}))


_BY_KEY: Final = text("""
SELECT EXISTS (SELECT FROM id_numbers WHERE substring(digest FROM 1 FOR 8) = :key_id)
""")


async def _wraps_epochs(store: KeyStore, key_id: bytes) -> bool:
    ids = [epoch.id for epoch in await store.epochs() if epoch.destroyed_at is None]
    return any((epoch.wrapped or b"").startswith(key_id) for epoch in await store.find(ids))
