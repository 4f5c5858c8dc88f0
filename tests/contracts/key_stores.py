"""The key stores of the contract test, each over what it really speaks to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from sqlalchemy import text

from adapters.keys.folder import FolderKeys
from adapters.keys.postgresql import PgKeys
from adapters.postgres.engine import create_engine
from tests.memory.keys import MemoryKeys
from usecases.ports.keys import EpochKeys, ErasureLedger

STORES = ["memory", "folder", "postgresql"]

KEYS_DATABASE = "faceid_keys_test"


class KeyStore(EpochKeys, ErasureLedger, Protocol):
    """Epochs and ledger, as one store has them."""

    async def aclose(self) -> None:
        """Close the connections."""


class KeyStores:
    """Opens one store as several processes do."""

    def __init__(self, open_one: Callable[[], KeyStore]) -> None:
        self._open_one = open_one
        self._opened: list[KeyStore] = []

    def open(self) -> KeyStore:
        """The store, with its own connections."""
        self._opened.append(self._open_one())
        return self._opened[-1]

    async def aclose(self) -> None:
        """Close every opened one."""
        for store in self._opened:
            await store.aclose()


class Place(NamedTuple):
    """The kind of store, an empty folder, and the URL of a server of databases."""

    kind: str
    folder: Path
    database_url: str


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[KeyStores]:
    """An empty store of this kind."""
    if place.kind == "memory":
        kept = MemoryKeys()
        stores = KeyStores(lambda: kept)
    elif place.kind == "folder":
        stores = KeyStores(lambda: FolderKeys(place.folder / "keys"))
    else:
        url = await keys_database(place.database_url)
        stores = KeyStores(lambda: PgKeys(url))
    try:
        yield stores
    finally:
        await stores.aclose()


async def keys_database(beside: str) -> str:
    """The URL of an empty database beside the test's."""
    admin = create_engine(beside).execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {KEYS_DATABASE} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {KEYS_DATABASE}"))
    await admin.dispose()
    return urlsplit(beside)._replace(path=f"/{KEYS_DATABASE}").geturl()
