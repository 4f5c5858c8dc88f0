"""The key store of a process: checked at its start, watched while it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from adapters.keys.away import KeysAway, WrongKeyStore
from adapters.postgres.sqlstate import DatabaseAway
from adapters.processes.process import ProcessContext
from adapters.settings import Settings
from adapters.store.keys.marks import PgKeyMarks
from adapters.tasks.background import in_background
from domain.errors import SettingsError

_PATIENCE: Final = timedelta(seconds=3)

log = structlog.get_logger(__name__)


async def check_key_store(settings: Settings) -> None:
    """Check at the start that the key store is the right one. While it is away, the check is repeated later.

    Raises:
        SettingsError: it is another store, was rolled back, or is missing from the settings.
    """
    async with ProcessContext.of(settings, timeout=_PATIENCE) as process:
        try:
            if process.key_store is not None:
                await process.key_store.check()
            elif await PgKeyMarks(process.engine).read() is not None:
                raise SettingsError("FACEID_KEYS_URL: not set, but the keys of this data are in a key store")
        except WrongKeyStore as error:
            raise SettingsError(error.detail) from None
        except KeysAway as error:
            log.warning("keys.away", detail=error.detail)
        except DatabaseAway:
            # Another check reports it.
            return


@asynccontextmanager
async def following_keys(process: ProcessContext, *, every: timedelta) -> AsyncIterator[None]:
    """During the block, watch what other processes can open, and confirm this process's epochs."""
    await process.readers.look()
    following = [process.readers.follow(every=every)]
    if process.epochs is not None:
        following.append(process.epochs.follow())
    async with in_background(*following):
        yield
