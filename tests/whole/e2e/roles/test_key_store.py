"""Roles whose key store goes away, comes back, or is not named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from adapters.keys.data_keys import epoch_of
from adapters.keys.folder import FolderKeys
from devstack import databases, ports
from devstack.roles import Roles
from devstack.waiting import until
from domain.identity.erasure import ledger_key
from tests.support.storage.stores import biz_id
from tests.whole.e2e.roles.lone_roles import (
    IN_ORDER,
    PATIENCE,
    Servers,
    accepted,
    client,
    decided,
    logs,
    role,
    status,
)

pytestmark = pytest.mark.timeout(180)

TOKEN = "token-of-the-key-store-tests"


class KeyFolder:
    """A key folder whose disk can be unmounted."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        disk.mkdir()

    def roles(self, servers: Servers) -> Roles:
        """The roles with this key store."""
        return servers.roles.with_settings(FACEID_KEYS_URL=(self._disk / "keys").as_uri())

    def unmount(self) -> None:
        self._disk.rename(self._disk.with_name("unmounted"))

    def mount(self) -> None:
        self._disk.with_name("unmounted").rename(self._disk)


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "disk")


async def test_worker_feels_no_outage_that_begins_after_its_start(
    servers: Servers, folder: KeyFolder
) -> None:
    async with role(folder.roles(servers).worker()):
        await servers.hand_in(1)
        await decided(servers, 1)
        folder.unmount()
        await servers.hand_in(2)
        await decided(servers, 2)

    assert all(epoch_of(wrapped) for wrapped in await wrapped_keys(servers))


async def test_callback_waits_until_the_key_store_is_there(servers: Servers, folder: KeyFolder) -> None:
    folder.unmount()
    async with role(folder.roles(servers).worker()) as worker:
        await servers.hand_in(1)
        await logs(worker, "batch.postponed", times=2)
        assert worker.entries("keys.away")
        assert await wrapped_keys(servers) == []
        folder.mount()
        await decided(servers, 1)


async def test_an_api_that_starts_without_its_key_store_answers_without_identity(
    servers: Servers, folder: KeyFolder
) -> None:
    await databases.prepare(servers.postgres.url, token_name="test", token=TOKEN)
    async with role(folder.roles(servers).worker()):
        await servers.hand_in(1)
        await decided(servers, 1)
    folder.unmount()
    port = ports.free_port()
    async with role(folder.roles(servers).api(port)) as api, client(port) as orders:
        await until(lambda: status(orders, "/readyz", 200), patience=PATIENCE)
        assert api.entries("keys.away")
        orders.headers["authorization"] = f"Bearer {TOKEN}"
        found = (await orders.get(f"/v1/verifications/{biz_id(1)}")).json()
        assert (found["state"], found["identity"]) == ("decided", None)
        refused = await register(orders)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        folder.mount()
        # A second later the store is asked again.
        await until(lambda: registered(orders), patience=PATIENCE)
        shown = (await orders.get(f"/v1/verifications/{biz_id(1)}")).json()
        assert shown["identity"] is not None


async def register(orders: httpx2.AsyncClient) -> httpx2.Response:
    ends = datetime.now(UTC) + timedelta(hours=1)
    order = {"biz_no": "order-2", "expires_at": ends.isoformat()}
    return await orders.put(f"/v1/verifications/{biz_id(2)}", json=order)


async def registered(orders: httpx2.AsyncClient) -> bool:
    return (await register(orders)).status_code in {200, 201}


async def test_ingress_has_no_use_for_the_key_store(servers: Servers, folder: KeyFolder) -> None:
    folder.unmount()
    port = ports.free_port()
    async with role(folder.roles(servers).ingress(port)) as ingress, client(port) as vendor:
        await until(lambda: status(vendor, "/readyz", 200), patience=PATIENCE)
        assert await accepted(vendor)
        assert not ingress.entries("keys.away")


async def test_worker_does_not_start_without_the_store_of_its_data(
    servers: Servers, folder: KeyFolder
) -> None:
    async with role(folder.roles(servers).worker()):
        await servers.hand_in(1)
        await decided(servers, 1)

    async with role(servers.roles.worker(), ends={1}) as worker:
        assert await worker.ended() == 1
        assert "faceid-gateway: FACEID_KEYS_URL: not set" in worker.output()


async def test_worker_ends_when_its_database_lacks_erasures(
    servers: Servers, folder: KeyFolder, tmp_path: Path
) -> None:
    store = FolderKeys(tmp_path / "disk" / "keys")
    async with role(folder.roles(servers).worker()) as worker:
        await servers.hand_in(1)
        await decided(servers, 1)
        # As in a database that was replaced by a backup from before an erasure.
        await store.append(ledger_key(uuid4()), at=datetime.now(UTC))
        assert await worker.ended() in IN_ORDER
        assert worker.entries("erasures.missing")
    async with role(folder.roles(servers).worker(), ends={1}) as worker:
        assert await worker.ended() == 1
        assert "`faceid-gateway erasures apply`" in worker.output()


async def wrapped_keys(servers: Servers) -> list[bytes]:
    connection = await asyncpg.connect(servers.postgres.url)
    try:
        return [row["wrapped_key"] for row in await connection.fetch("SELECT wrapped_key FROM verifications")]
    finally:
        await connection.close()
