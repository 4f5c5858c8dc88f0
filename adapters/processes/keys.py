"""The key store of a process: checked at its start, watched while it runs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from adapters.keys.away import KeysAway, WrongKeyStore
from adapters.keys.guarded import GuardedKeys
from adapters.postgres.sqlstate import DatabaseAway
from adapters.processes.process import ProcessContext
from adapters.settings.settings import Settings
from adapters.store.identity.applied import Entries, PgApplied
from adapters.store.identity.keys.marks import PgKeyMarks
from adapters.tasks.background import in_background
from domain.errors import ServerAway, SettingsError
from domain.identity.keys.epochs import Erased

_PATIENCE: Final = timedelta(seconds=3)

APPLY: Final = "faceid-gateway erasures apply"
"""The command that brings a restored database up to date with the erasure ledger."""

log = structlog.get_logger(__name__)


async def check_key_store(settings: Settings) -> None:
    """Check at the start that the key store is the right one. While it is away, the check is repeated later.

    Raises:
        SettingsError: it is another store, was rolled back, or is missing from the settings; or the database
            lacks erasures that are in the ledger.
    """
    async with ProcessContext.of(settings, timeout=_PATIENCE) as process:
        try:
            await check_keys_of(process)
        except KeysAway as error:
            log.warning("keys.away", detail=error.detail)
        except DatabaseAway:
            # Another check reports it.
            return


async def check_keys_of(process: ProcessContext, *, apply: str = APPLY) -> None:
    """Check the key store of this process. `apply` is the command that an operator reads of.

    Raises:
        SettingsError: as `check_key_store`.
        ServerAway: the key store or the database is away.
    """
    try:
        if process.key_store is not None:
            state = await process.key_store.check()
            await _check_erasures(process, process.key_store, erased=state.erased, apply=apply)
        elif await PgKeyMarks(process.engine).read() is not None:
            raise SettingsError("FACEID_KEYS_URL: not set, but the keys of this data are in a key store")
    except WrongKeyStore as error:
        raise SettingsError(error.detail) from None


async def _check_erasures(process: ProcessContext, ledger: Entries, *, erased: int, apply: str) -> None:
    missing = await PgApplied(process.engine).missing(ledger, erased=erased)
    if missing:
        raise SettingsError(older_than_ledger(len(missing), apply=apply))


def older_than_ledger(missing: int, *, apply: str = APPLY) -> str:
    """What an operator reads about a database that was restored from an old backup."""
    return (
        f"the database lacks {missing} erasure(s) that are in the ledger, so it is from an older backup:"
        f" run `{apply}` before it is served"
    )


def keys_status(process: ProcessContext) -> dict[str, object]:
    """What heartbeats tell of the key store; nothing where there is none."""
    return {} if process.epochs is None else {"keys": msgspec.to_builtins(process.epochs.status())}


def _end_in_order() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def following_keys(
    process: ProcessContext, *, every: timedelta, end: Callable[[], None] = _end_in_order
) -> AsyncIterator[None]:
    """During the block, watch what other processes can open, confirm this process's epochs, and `end` the
    process if its database is replaced by one that lacks erasures. `every`: between two heartbeats.
    """
    await process.readers.look()
    following = [process.readers.follow(every=every)]
    if process.epochs is not None and process.key_store is not None:
        ledger = _following_ledger(process, process.key_store, every=12 * every, end=end)
        following += [process.epochs.follow(), ledger]
    async with in_background(*following):
        yield


async def _following_ledger(
    process: ProcessContext, store: GuardedKeys, *, every: timedelta, end: Callable[[], None]
) -> None:
    """The next start refuses the database, and says what to do."""
    while True:
        await asyncio.sleep(every.total_seconds())
        missing: list[Erased] = []
        with suppress(ServerAway):
            state = await store.state()
            missing = await PgApplied(process.engine).missing(store, erased=state.erased)
        if missing:
            log.error("erasures.missing", count=len(missing), detail=older_than_ledger(len(missing)))
            end()
            return
