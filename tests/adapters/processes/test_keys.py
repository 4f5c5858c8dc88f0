"""A role checks its key store at the start, and starts without it only if waiting may help."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.keys.data_keys import DataKeys
from adapters.keys.folder import FolderKeys
from adapters.keys.guarded import GuardedKeys
from adapters.processes.keys import check_key_store, following_keys
from adapters.processes.process import ProcessContext
from adapters.sealing.envelope import KeyRing
from adapters.settings.settings import load_settings
from adapters.store.identity.erasure import PgErasures
from adapters.store.identity.keys.marks import PgKeyMarks
from devstack import ports
from devstack.waiting import until
from domain.errors import SettingsError
from domain.identity.erasure import ledger_key
from domain.identity.keys.epochs import period_of
from tests.support.right_settings import set_right
from tests.support.storage.stores import NOW


@pytest.fixture
def keys_folder(
    engine: AsyncEngine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder that FACEID_KEYS_URL names."""
    assert engine
    set_right(monkeypatch, tmp_path)
    monkeypatch.setenv("FACEID_DATABASE_URL", database_url)
    monkeypatch.setenv("FACEID_KEYS_URL", (tmp_path / "keys").as_uri())
    return tmp_path / "keys"


async def logged() -> list[str]:
    """The names of the events that the check logs."""
    with capture_logs() as logs:
        await check_key_store(load_settings())
    return [line["event"] for line in logs]


async def test_first_store_is_remembered(keys_folder: Path, engine: AsyncEngine) -> None:
    assert await logged() == []
    assert await logged() == []

    mark = await PgKeyMarks(engine).read()
    assert mark is not None
    assert mark.id == (await FolderKeys(keys_folder).state()).id


async def test_another_store_stops_the_start(keys_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await logged()
    monkeypatch.setenv("FACEID_KEYS_URL", keys_folder.with_name("others").as_uri())

    with pytest.raises(SettingsError, match=r"^FACEID_KEYS_URL: this is another key store"):
        await logged()


async def test_store_from_a_backup_stops_the_start(keys_folder: Path, engine: AsyncEngine) -> None:
    store = GuardedKeys(FolderKeys(keys_folder), PgKeyMarks(engine))
    await store.create(period_of("demo", NOW), b"key")
    await _forget_epochs(keys_folder)

    with pytest.raises(SettingsError, match=r"^FACEID_KEYS_URL: this key store was rolled back"):
        await logged()


async def test_store_that_is_no_longer_named_stops_the_start(
    keys_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys_folder
    await logged()
    monkeypatch.delenv("FACEID_KEYS_URL")

    with pytest.raises(SettingsError, match=r"^FACEID_KEYS_URL: not set"):
        await logged()


async def test_database_of_the_data_is_no_key_store(
    keys_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys_folder
    monkeypatch.setenv("FACEID_KEYS_URL", database_url)

    with pytest.raises(SettingsError, match=r"^FACEID_KEYS_URL: this database has the gateway's data"):
        await logged()


async def test_without_a_store_nothing_is_checked(keys_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys_folder
    monkeypatch.delenv("FACEID_KEYS_URL")

    assert await logged() == []


async def test_database_that_lacks_erasures_stops_the_start(keys_folder: Path) -> None:
    store = FolderKeys(keys_folder)
    await logged()
    await store.append(ledger_key(uuid4()), at=NOW)

    with pytest.raises(SettingsError, match=r"^the database lacks 1 erasure.*erasures apply"):
        await logged()


async def test_database_that_lacks_erasures_ends_a_running_process(keys_folder: Path) -> None:
    store, ended = FolderKeys(keys_folder), asyncio.Event()
    async with running(ended):
        await store.append(ledger_key(uuid4()), at=NOW)
        async with asyncio.timeout(60):
            await ended.wait()


async def test_an_erasure_that_has_begun_ends_no_process(keys_folder: Path, engine: AsyncEngine) -> None:
    store, ended, which = FolderKeys(keys_folder), asyncio.Event(), uuid4()
    ring = KeyRing([b"k" * 32])
    await PgErasures(engine, keys=DataKeys(ring), ring=ring).begin_unasked([which], at=NOW)
    async with running(ended):
        await store.append(ledger_key(which), at=NOW)
        await until(lambda: applied(engine, 1))
    assert not ended.is_set()


@asynccontextmanager
async def running(ended: asyncio.Event) -> AsyncIterator[None]:
    """A process that looks at the ledger often, and sets `ended` where it would end."""
    settings, often = load_settings(), timedelta(milliseconds=1)
    async with (
        ProcessContext.of(settings, timeout=timedelta(seconds=5)) as process,
        following_keys(process, every=often, end=ended.set),
    ):
        yield


async def applied(engine: AsyncEngine, position: int) -> bool:
    """Whether the database has looked at the ledger up to this position."""
    async with engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT applied >= :n FROM key_store"), {"n": position}))


async def test_absent_store_is_waited_for(keys_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (f"postgresql://u:p@127.0.0.1:{ports.free_port()}/keys", "file:///not/mounted/keys"):
        monkeypatch.setenv("FACEID_KEYS_URL", url)

        assert await logged() == ["keys.away"]


async def test_absent_database_is_waited_for(keys_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys_folder
    monkeypatch.setenv("FACEID_DATABASE_URL", f"postgresql://u:p@127.0.0.1:{ports.free_port()}/faceid")

    assert await logged() == ["keys.away"]


async def _forget_epochs(folder: Path) -> None:
    for name in (folder / "epochs").iterdir():
        name.unlink()
