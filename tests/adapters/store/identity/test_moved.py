"""Holds and erasures of verifications that may move between the apps of one vendor account."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.recording.owners import BizOwners
from domain.apps.registration import Registered, Registration
from domain.identity.errors import LegalHold
from domain.pulls.accounts import Account
from tests.support.storage.erasing import ACTOR, Erasing
from tests.support.storage.stores import NOW, Store, biz_id, callback, whole_way

APPS = ("demo", "lax")
ACCOUNT = Account("account-1", APPS)
REGISTRATION = Registration("order-1", NOW, NOW + timedelta(minutes=50))


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Erasing:
    return Erasing(engine, keys, sharing=dict.fromkeys(APPS, APPS))


async def hold(store: Erasing, app_id: str) -> None:
    await store.desk.hold(app_id, biz_id(), actor=ACTOR, reason="a court asks")


async def take_over(store: Erasing, app_id: str) -> None:
    owners = BizOwners(dict.fromkeys(APPS, ACCOUNT))
    registrations = Store(store.engine, store.keys, owners=owners, data_keys=store.data_keys).registrations
    assert await registrations.register(app_id, biz_id(), REGISTRATION, by="x") is Registered.JOINED


async def test_a_hold_at_another_app_of_the_account_wins(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.record(callback(app_id="lax"))
    await hold(store, "demo")
    with pytest.raises(LegalHold):
        await store.erase(app_id="lax")
    assert await store.rows("SELECT count(*) FROM erasures") == [(0,)]
    await store.desk.lift("demo", biz_id(), actor=ACTOR, reason="it is over")
    assert (await store.erase(app_id="lax")).app_id == "lax"


async def test_a_hold_follows_what_is_moved(store: Erasing) -> None:
    await store.record()
    await hold(store, "demo")
    await take_over(store, "lax")
    assert (await store.desk.explain("lax", biz_id())).hold is not None
    with pytest.raises(LegalHold):
        await store.erase(app_id="lax")
    await store.desk.lift("lax", biz_id(), actor=ACTOR, reason="in our way")
    with pytest.raises(LegalHold):
        await store.erase(app_id="lax")
    assert await store.rows("SELECT raw_ct IS NULL FROM callbacks") == [(False,)]


async def test_both_apps_of_the_account_get_a_receipt(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.record(callback(app_id="lax"))
    first = await store.erase(app_id="lax")

    receipt = await store.erase(app_id="demo")

    assert (first.app_id, receipt.app_id) == ("lax", "demo")
    assert set(receipt.places.values()) == {0}, "the other one's request has erased it"
    assert await store.erase(app_id="demo") == receipt
    assert await store.erase(app_id="lax") == first
