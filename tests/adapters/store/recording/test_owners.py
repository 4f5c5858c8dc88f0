"""A biz_id of apps that share a vendor account has one owner: the app that registered it, or the first."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.outbound.vendor.accounts import open_accounts
from adapters.sealing.envelope import KeyRing
from adapters.store.recording.owners import BizOwners
from domain.apps.app import App
from domain.apps.registration import Registered, Registration
from domain.model import verification_id
from domain.pulls.accounts import Account
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, finished, payload

TWINS = ("demo", "lax", "twin")
ACCOUNT = Account("account-1", TWINS)
REGISTRATION = Registration("order-1", NOW, NOW + timedelta(minutes=50))


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return a_process(engine, keys)


def a_process(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys, owners=BizOwners(dict.fromkeys(TWINS, ACCOUNT)))


async def register(store: Store, app_id: str, registration: Registration = REGISTRATION) -> Registered:
    return await store.registrations.register(app_id, biz_id(), registration, by="token:orders")


async def apps_of(store: Store) -> list[str]:
    return [app_id for (app_id,) in await store.rows("SELECT app_id FROM verifications ORDER BY app_id")]


async def test_a_callback_belongs_to_the_app_that_came_first(store: Store) -> None:
    first, second = await store.record(), await store.record(callback(app_id="lax"))
    assert (first.app_id, first.to_advance) == ("demo", True)
    assert (second.app_id, second.to_advance, second.is_new) == ("demo", False, False)
    assert second.verification_id == first.verification_id
    assert await apps_of(store) == ["demo"]


async def test_a_callback_belongs_to_the_app_that_registered_it(store: Store) -> None:
    await register(store, "demo")
    recorded = await store.record(callback(app_id="lax"))
    assert (recorded.app_id, recorded.to_advance, recorded.registration) == ("demo", True, REGISTRATION)
    assert await apps_of(store) == ["demo"]


async def test_an_app_with_a_separate_account_shares_nothing(store: Store) -> None:
    await store.record()
    assert (await store.record(callback(app_id="other"))).app_id == "other"
    assert await store.rows("SELECT app_id FROM biz_owners") == [("demo",)]


async def test_of_many_that_claim_at_once_one_has_it(engine: AsyncEngine, keys: KeyRing) -> None:
    processes = [a_process(engine, keys) for _ in range(8)]
    for n in range(1, 21):
        apps = itertools.cycle(TWINS)
        taken = [(process, callback(payload(n), app_id=next(apps))) for process in processes]
        ends = await asyncio.gather(*(process.record(each) for process, each in taken))
        assert len({end.verification_id for end in ends}) == 1
        assert sum(end.to_advance for end in ends) == 1


async def test_registrations_and_callbacks_at_once_end_with_one_owner(
    engine: AsyncEngine, keys: KeyRing
) -> None:
    for n in range(1, 21):
        one, other = a_process(engine, keys), a_process(engine, keys)
        await asyncio.gather(
            one.record(callback(payload(n), app_id="lax")),
            other.registrations.register("demo", biz_id(n), REGISTRATION, by="token:orders"),
        )
        [open_one] = await one.rows(
            "SELECT app_id FROM verifications WHERE biz_id = :biz_id AND state = 'received'", biz_id=biz_id(n)
        )
        assert open_one == ("demo",)


async def test_one_group_with_the_same_callback_for_every_app(store: Store) -> None:
    ends = await asyncio.gather(*(store.record(callback(app_id=app_id)) for app_id in TWINS))
    assert {end.app_id for end in ends} == {"demo"}
    assert [end.to_advance for end in ends] == [True, False, False]


async def test_two_apps_cannot_register_the_same(store: Store) -> None:
    assert await register(store, "demo") is Registered.CREATED
    assert await register(store, "lax") is Registered.CONFLICT
    assert await register(store, "demo") is Registered.KNOWN
    assert await apps_of(store) == ["demo"]


async def test_a_registration_takes_over_an_undecided_verification(store: Store) -> None:
    stolen = await store.record(callback(app_id="lax"))
    await store.reserve(stolen, 1)
    await store.ledger.finish(finished(stolen, 1))
    assert await register(store, "demo") is Registered.JOINED
    [due] = (await store.due.claim({"demo": 9, "lax": 9}, now=NOW, lease=LEASE)).opened
    assert (due.app_id, due.data, due.registration) == ("demo", callback().data, REGISTRATION)
    assert [call.n for call in await store.ledger.of(due.verification_id)] == [1], "spent is spent"
    assert not await store.decide(stolen), "the worker that held it for the other app is late"
    former = await store.find(app_id="lax")
    assert former is not None
    assert (former.state, former.outcome) == ("expired", None)
    refusal = await store.pull_requests.ask(stolen.verification_id, now=NOW, by="operator")
    assert refusal is not None, "no fourth call by way of the former owner"
    assert (await store.record(callback(app_id="lax"))).app_id == "demo"


async def test_a_late_registration_finds_the_others_decision(store: Store) -> None:
    stolen = await store.record(callback(app_id="lax"))
    await store.decide(stolen)
    assert await register(store, "demo") is Registered.CONFLICT
    assert await store.find() is None
    assert (await store.events(stolen.verification_id))[-1] == "registration.conflict"


async def test_a_verification_from_before_the_account_was_shared_keeps_its_owner(
    engine: AsyncEngine, keys: KeyRing, store: Store
) -> None:
    before = Store(engine, keys)
    await before.record(callback(app_id="twin"))
    assert (await store.record(callback(app_id="lax"))).app_id == "twin"


async def test_a_registered_verification_outranks_one_that_only_arrived(
    engine: AsyncEngine, keys: KeyRing, store: Store
) -> None:
    before = Store(engine, keys)
    await before.record(callback(app_id="twin"))
    await before.register()
    assert (await store.record(callback(app_id="lax"))).app_id == "demo"


async def test_an_unreadable_callback_is_not_taken_over(engine: AsyncEngine, store: Store) -> None:
    recorded = await store.record(callback(app_id="lax"))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE callbacks SET raw_ct = 'x'"))
    with pytest.raises(Exception, match="do not open"):
        await register(store, "demo")
    assert recorded.verification_id == verification_id("lax", biz_id())
    assert await apps_of(store) == ["lax"]


def test_apps_that_share_an_account_are_named_at_start() -> None:
    apps = {app_id: App(app_id=app_id, api_key="key-1", secrets=(b"s",)) for app_id in ("demo", "lax")}
    apps["other"] = App(app_id="other", api_key="key-2", secrets=(b"t",))
    with capture_logs() as lines:
        accounts = open_accounts(apps)
    assert accounts.keys() == {"demo", "lax"}
    assert lines == [
        {"event": "apps.share_account", "log_level": "warning", "count": 2, "detail": "demo, lax"}
    ]
