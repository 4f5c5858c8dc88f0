"""The key stores of the contract test, each over what it really speaks to."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import text

from adapters.configuration.urls.keys_url import check_keys_url
from adapters.keys.folder import FolderKeys
from adapters.keys.opening import open_key_store
from adapters.keys.postgresql import PgKeys
from adapters.postgres.engine import create_engine
from tests.support.keys import cloud, vault
from tests.support.keys.server import Reply, Request, serving
from tests.support.memory.identity.keys import MemoryKeys
from usecases.ports.identity.keys import EpochKeys, ErasureLedger

STAND_INS: dict[str, Callable[[], Callable[[Request], Reply]]] = {
    "vault": vault.Transit,
    "aws-kms": cloud.AwsKms,
    "aliyun-kms": cloud.AliyunKms,
}

SERVICES = list(STAND_INS)
STORES = ["memory", "folder", "postgresql", *SERVICES]

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
    """The kind of store, an empty folder, the URL of a server of databases, and that of a key service."""

    kind: str
    folder: Path
    database_url: str = ""
    service: str = ""


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[KeyStores]:
    """An empty store of this kind."""
    if place.kind == "memory":
        kept = MemoryKeys()
        stores = KeyStores(lambda: kept)
    elif place.service:
        stores = KeyStores(lambda: open_key_store(_url_of(place)))
    elif place.kind == "folder":
        stores = KeyStores(lambda: FolderKeys(place.folder / "keys"))
    else:
        url = await keys_database(place.database_url)
        stores = KeyStores(lambda: PgKeys(url))
    try:
        yield stores
    finally:
        await stores.aclose()


@contextmanager
def key_service(kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a stand-in of this service, with credentials for it in the environment."""
    monkeypatch.setenv("VAULT_TOKEN", vault.TOKEN)
    for prefix, key, secret in (
        ("AWS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"),
        ("ALIBABA_CLOUD", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET"),
    ):
        monkeypatch.setenv(f"{prefix}_{key}", cloud.ID)
        monkeypatch.setenv(f"{prefix}_{secret}", cloud.SECRET)
    with serving(STAND_INS[kind]()) as url:
        yield url


def _url_of(place: Place) -> str:
    registry = urlencode({"registry": (place.folder / "registry").as_uri()})
    if place.kind == "vault":
        host = urlsplit(place.service).netloc
        return check_keys_url(f"vault://{host}/{vault.MOUNT}?{registry}&tls=off")
    endpoint = urlencode({"endpoint": place.service})
    return check_keys_url(f"{place.kind}://{cloud.REGION}?{registry}&{endpoint}")


async def keys_database(beside: str) -> str:
    """The URL of an empty database beside the test's."""
    admin = create_engine(beside).execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {KEYS_DATABASE} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {KEYS_DATABASE}"))
    await admin.dispose()
    return urlsplit(beside)._replace(path=f"/{KEYS_DATABASE}").geturl()
