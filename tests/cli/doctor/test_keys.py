"""`doctor` checks the key store and says which master keys may go."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.keys.epochs import Epochs
from adapters.keys.folder import FolderKeys
from adapters.keys.guarded import GuardedKeys
from adapters.sealing.envelope import KeyRing
from adapters.settings.settings import load_settings
from adapters.store.identity.keys.marks import PgKeyMarks
from cli.doctor.check import Check
from cli.doctor.keys import check_keys
from domain.identity.erasure import ledger_key
from tests.cli.conftest import MASTER_KEY
from tests.support.storage.stores import NOW, Store

ONE_NUMBER = text("""
INSERT INTO id_numbers (verification_id, app_id, digest, at)
SELECT id, app_id, CAST(:key_id AS bytea) || decode(repeat('00', 16), 'hex'), now() FROM verifications""")
NEWER = base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def settings(environment: pytest.MonkeyPatch, folder: Path, engine: AsyncEngine) -> pytest.MonkeyPatch:
    environment.setenv("FACEID_KEYS_URL", (folder / "keys").as_uri())
    return environment


async def checks() -> list[Check]:
    return [check async for check in check_keys(load_settings())]


async def test_right_store_passes() -> None:
    [check] = await checks()

    assert (check.name, check.ok) == ("key store", True)
    assert "0 epochs" in check.detail


async def test_database_that_lacks_erasures_fails(folder: Path) -> None:
    await checks()
    await FolderKeys(folder / "keys").append(ledger_key(uuid4()), at=NOW)

    [check] = await checks()

    assert (check.ok, "erasures apply" in check.detail) == (False, True)


async def test_missing_store_is_a_note(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("FACEID_KEYS_URL")

    [check] = await checks()

    assert (check.ok, "backup" in check.detail) == (None, True)


async def test_store_that_is_no_longer_named_fails(settings: pytest.MonkeyPatch) -> None:
    await checks()
    settings.delenv("FACEID_KEYS_URL")

    [check] = await checks()

    assert (check.ok, "not set" in check.detail) == (False, True)


async def test_another_store_fails(settings: pytest.MonkeyPatch, folder: Path) -> None:
    await checks()
    settings.setenv("FACEID_KEYS_URL", (folder / "others").as_uri())

    [check] = await checks()

    assert (check.ok, "another key store" in check.detail) == (False, True)


async def test_folder_whose_disk_is_not_mounted_fails(settings: pytest.MonkeyPatch, folder: Path) -> None:
    settings.setenv("FACEID_KEYS_URL", (folder / "not" / "mounted").as_uri())

    [check] = await checks()

    assert (check.ok, "cannot be used" in check.detail) == (False, True)


async def test_rows_under_no_epoch_are_counted(engine: AsyncEngine, keys: KeyRing) -> None:
    await Store(engine, keys).record()

    _, check = await checks()

    assert "1 rows are under no epoch yet" in check.detail


async def test_old_master_key_may_go_once_nothing_needs_it(
    settings: pytest.MonkeyPatch, engine: AsyncEngine, keys: KeyRing, folder: Path
) -> None:
    store = GuardedKeys(FolderKeys(folder / "keys"), PgKeyMarks(engine))
    await Store(engine, keys, data_keys=DataKeys(keys, Epochs(store, keys))).record()
    settings.setenv("FACEID_MASTER_KEYS", f"{NEWER},{MASTER_KEY}")

    _, needed = await checks()
    assert "key 2 is still needed for epochs" in needed.detail
    async with engine.begin() as connection:
        await connection.execute(ONE_NUMBER, {"key_id": keys.newest_id})
    _, needed = await checks()
    assert "key 2 is still needed for id_numbers, epochs" in needed.detail

    settings.setenv("FACEID_MASTER_KEYS", f"{MASTER_KEY},{NEWER}")
    _, unused = await checks()
    assert "key 2 may go" in unused.detail
