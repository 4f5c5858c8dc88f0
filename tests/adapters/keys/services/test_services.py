"""Each key service beyond the contract: what is destroyed there stays closed, and failures are named."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from adapters.keys.away import KeysAway
from adapters.keys.folder import FolderKeys
from adapters.keys.opening import open_key_store
from adapters.keys.services.service import KeyGone
from adapters.keys.services.store import ServiceKeys
from domain.errors import SettingsError
from domain.identity.keys.epochs import Epoch, period_of
from tests.support.keys import cloud, vault
from tests.support.keys.server import Reply, serving
from tests.support.memory.identity.keys import MemoryKeys
from tests.usecases.ports.identity.key_stores import SERVICES, key_service

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
PERIOD = period_of("demo", NOW)


class MemoryService:
    """A key service that counts its keys. `pause`: whether a race is on."""

    def __init__(self) -> None:
        self.alive: set[str] = set()

    async def create(self, epoch: str) -> str:
        await asyncio.sleep(0)
        key = f"{epoch}/{len(self.alive)}"
        self.alive.add(key)
        return key

    async def encrypt(self, key: str, plaintext: bytes, *, epoch: str) -> str:
        await asyncio.sleep(0)
        return f"{key} {plaintext.hex()}"

    async def decrypt(self, key: str, ciphertext: str, *, epoch: str) -> bytes:
        if key not in self.alive:
            raise KeyGone
        return bytes.fromhex(ciphertext.removeprefix(f"{key} "))

    async def destroy(self, key: str) -> None:
        self.alive.discard(key)

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_registry_from_a_backup_opens_nothing_of_a_destroyed_epoch() -> None:
    registry, service = MemoryKeys(), MemoryService()
    store = ServiceKeys(registry, service)
    await store.create(PERIOD, b"key")
    backup = dict(registry.kept)
    await store.destroy(PERIOD.id, now=NOW)
    registry.kept = backup

    assert await store.find([PERIOD.id]) == [Epoch(PERIOD, None)]
    assert await store.create(PERIOD, b"another") == Epoch(PERIOD, None)
    assert registry.kept == backup


async def test_key_of_the_slower_process_is_destroyed() -> None:
    service = MemoryService()
    store = ServiceKeys(MemoryKeys(), service)

    created = await asyncio.gather(store.create(PERIOD, b"a"), store.create(PERIOD, b"b"))

    assert created[0] == created[1]
    assert len(service.alive) == 1


async def test_destruction_that_was_interrupted_is_finished() -> None:
    registry, service = MemoryKeys(), MemoryService()
    store = ServiceKeys(registry, service)
    await store.create(PERIOD, b"key")
    service.alive.clear()

    assert await store.destroy(PERIOD.id, now=NOW)
    assert registry.kept[PERIOD.id].destroyed_at == NOW


@pytest.fixture(params=SERVICES)
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a store with this service."""
    with key_service(request.param, monkeypatch) as service:
        yield url_of(request.param, service, tmp_path)


def url_of(kind: str, service: str, folder: Path) -> str:
    registry = {"registry": (folder / "registry").as_uri()}
    if kind == "vault":
        return f"vault://{urlsplit(service).netloc}/{vault.MOUNT}?{urlencode(registry | {'tls': 'off'})}"
    return f"{kind}://{cloud.REGION}?{urlencode(registry | {'endpoint': service})}"


async def test_folder_alone_does_not_have_the_key(url: str, tmp_path: Path) -> None:
    store = open_key_store(url)
    await store.create(PERIOD, b"the wrapped key")

    [kept] = await FolderKeys(tmp_path / "registry").find([PERIOD.id])

    assert kept.wrapped is not None
    assert b"the wrapped key" not in kept.wrapped
    await store.aclose()


async def test_sealed_epoch_opens_only_as_itself(url: str, tmp_path: Path) -> None:
    store, registry, other = open_key_store(url), FolderKeys(tmp_path / "registry"), period_of("shop", NOW)
    await store.create(PERIOD, b"key")
    await store.create(other, b"key")
    [mine], [others] = await registry.find([PERIOD.id]), await registry.find([other.id])
    assert others.wrapped is not None
    assert mine.wrapped is not None
    await registry.replace(other.id, others.wrapped, mine.wrapped)

    with pytest.raises(KeysAway):
        await store.find([other.id])
    await store.aclose()


async def test_wrong_credentials_are_named_without_a_value(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        monkeypatch.setenv(name, "canary")
    store = open_key_store(url)

    with pytest.raises(KeysAway, match=r"refuses") as raised:
        await store.create(PERIOD, b"key")

    assert "canary" not in str(raised.value)
    await store.aclose()


@pytest.mark.parametrize("kind", SERVICES)
async def test_service_that_is_away_or_at_fault_is_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_service(kind, monkeypatch) as gone:
        pass
    with serving(lambda _: Reply(503, {})) as troubled:
        for service in (gone, troubled):
            store = open_key_store(url_of(kind, service, tmp_path))
            with pytest.raises(KeysAway):
                await store.create(PERIOD, b"key")
            assert await FolderKeys(tmp_path / "registry").epochs() == []
            await store.aclose()


@pytest.mark.parametrize(
    ("kind", "variable"), [("vault", "VAULT_TOKEN"), ("aliyun-kms", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")]
)
def test_missing_credentials_stop_the_start(
    kind: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_service(kind, monkeypatch) as service:
        monkeypatch.delenv(variable)

        with pytest.raises(SettingsError, match=variable):
            open_key_store(url_of(kind, service, tmp_path))
