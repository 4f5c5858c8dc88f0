"""Leftovers of versions before shared biz_ids: two verifications of one biz_id, or no owner."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import migrate
from adapters.sealing.envelope import KeyRing
from adapters.store.recording.owners import BizOwners
from adapters.store.schedule.due import UNREADABLE_REST
from domain.pulls.accounts import Account
from domain.verifications.records import DueVerification, Recorded
from tests.support.servers.databases import bring_to, fresh_database
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, finished, payload

ACCOUNT = Account("account-1", ("demo", "lax"))
LATER = NOW + 2 * LEASE
HOUR = timedelta(hours=1)
OPEN = "PROCESSING"


@pytest.fixture
def old(engine: AsyncEngine, keys: KeyRing) -> Store:
    """The older version: it knows of no owners."""
    return Store(engine, keys)


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Store:
    return sharing(engine, keys)


def sharing(engine: AsyncEngine, keys: KeyRing) -> Store:
    return Store(engine, keys, owners=BizOwners(dict.fromkeys(ACCOUNT.app_ids, ACCOUNT)))


async def claim(store: Store, *, later: timedelta = timedelta(0)) -> list[DueVerification]:
    """Claim like a worker of this version, with and without final callbacks."""
    room = {"demo": 9, "lax": 9}
    found = []
    for silent in (False, True):
        found += (await store.due.claim(room, now=LATER + later, lease=LEASE, silent=silent)).opened
    return found


async def states(store: Store) -> dict[str, str]:
    """The state of each app's verification."""
    rows = await store.rows("SELECT app_id, state FROM verifications")
    return dict(rows)


async def owner(store: Store) -> list[str]:
    return [app_id for (app_id,) in await store.rows("SELECT app_id FROM biz_owners")]


async def spend(store: Store, recorded: Recorded, calls: int) -> None:
    for n in range(1, calls + 1):
        assert await store.reserve(recorded, n)
        await store.ledger.finish(finished(recorded, n))


async def test_of_a_pair_that_both_apps_recorded_one_is_advanced(old: Store, store: Store) -> None:
    first = await old.record()
    await old.record(callback(app_id="lax"))
    [due] = await claim(store)
    assert (due.verification_id, due.data) == (first.verification_id, callback().data)
    assert await states(store) == {"demo": "received", "lax": "expired"}
    assert await store.rows("SELECT verification_id, seen FROM callbacks") == [(first.verification_id, 2)]
    assert await owner(store) == ["demo"]


async def test_claiming_a_verification_gives_its_biz_id_an_owner(old: Store, store: Store) -> None:
    recorded = await old.record(callback(app_id="lax"))
    [due] = await claim(store)
    assert (due.verification_id, await owner(store)) == (recorded.verification_id, ["lax"])


async def test_the_callback_comes_to_the_app_that_registered(old: Store, store: Store) -> None:
    await old.register()
    stray = await old.record(callback(app_id="lax"))
    await store.due.claim({"lax": 9}, now=LATER, lease=LEASE)
    [due] = (await store.due.claim({"demo": 9, "lax": 9}, now=LATER, lease=LEASE)).opened
    assert (due.app_id, due.data) == ("demo", callback().data)
    assert due.registration is not None
    assert await states(store) == {"demo": "received", "lax": "expired"}
    assert (await store.events(stray.verification_id))[-1] == "verification.moved"
    assert not await store.decide(stray), "the worker that held it for the other app is late"


async def test_a_verification_with_a_return_hint_moves_to_its_owner_too(old: Store, store: Store) -> None:
    await old.register()
    stray = await old.record(callback(app_id="lax"))
    assert await store.due.claim_one(stray.verification_id, ["lax"], now=LATER, lease=LEASE) is None
    assert await states(store) == {"demo": "received", "lax": "expired"}


async def test_a_decision_of_one_app_is_not_repeated_for_the_other(old: Store, store: Store) -> None:
    await old.record()
    assert await old.decide(await old.record(callback(app_id="lax")))
    assert await claim(store) == []
    assert await states(store) == {"demo": "expired", "lax": "decided"}
    assert (await store.record()).app_id == "lax"


async def test_the_calls_of_both_count(old: Store, store: Store) -> None:
    first, other = await old.record(), await old.record(callback(app_id="lax"))
    await spend(old, first, 2)
    await spend(old, other, 2)
    await claim(store)
    assert [call.n for call in await store.ledger.of(first.verification_id)] == [1, 2, 3]


async def test_a_running_flow_moves_to_its_owner_too(old: Store, store: Store) -> None:
    await old.register()
    await old.record(callback(payload(status=OPEN), app_id="lax"))
    await store.due.claim({"lax": 9}, now=NOW + timedelta(days=2), lease=LEASE, silent=True)
    assert await states(store) == {"demo": "received", "lax": "expired"}
    assert await store.rows("SELECT count(*) FROM callbacks") == [(1,)]


async def test_a_registration_of_the_older_version_takes_over(old: Store, store: Store) -> None:
    await store.record(callback(app_id="lax"))
    await old.register(expires_in=timedelta(seconds=1))
    await store.due.claim({"demo": 9}, now=LATER + HOUR, lease=LEASE, silent=True)
    assert (await states(store), await owner(store)) == (
        {"demo": "received", "lax": "expired"},
        ["demo"],
    )
    [due] = await claim(store, later=HOUR)
    assert (due.app_id, due.data) == ("demo", callback().data)


async def test_a_biz_id_registered_by_both_apps_stays_with_both(old: Store, store: Store) -> None:
    for app_id in ("demo", "lax"):
        await old.register(app_id=app_id, expires_in=timedelta(seconds=1))
    assert {due.app_id for due in await claim(store, later=HOUR)} == {"demo", "lax"}
    assert await states(store) == {"demo": "created", "lax": "created"}


async def test_one_that_no_key_opens_is_put_off_and_holds_up_no_other(old: Store, store: Store) -> None:
    going_on = callback(payload(1, status=OPEN), app_id="lax")
    await old.record(going_on)
    for n in (1, 2):
        await old.register(n)
        await old.record(callback(payload(n), app_id="lax"))
    async with store.engine.begin() as connection:
        broken = {"digest": going_on.digest}
        await connection.execute(text("UPDATE callbacks SET raw_ct = 'x' WHERE digest = :digest"), broken)
    claimed = await store.due.claim({"lax": 9}, now=LATER, lease=LEASE)
    assert (claimed.opened, claimed.unreadable) == ([], 1)
    states = await store.rows("SELECT state FROM verifications WHERE app_id = 'lax' ORDER BY biz_id")
    assert states == [("received",), ("expired",)]
    assert await store.rows(
        "SELECT due_at FROM verifications WHERE state = 'received' AND app_id = 'lax'"
    ) == [(LATER + UNREADABLE_REST,)]


async def test_one_that_somebody_has_locked_is_left_for_later(old: Store, store: Store) -> None:
    home = await old.record()
    await old.record(callback(app_id="lax"))
    async with store.engine.connect() as psql:
        lock = text("SELECT FROM verifications WHERE id = :id FOR UPDATE")
        await psql.execute(lock, {"id": home.verification_id})
        assert await claim(store) == []
    assert await claim(store, later=LEASE) != []
    assert await states(store) == {"demo": "received", "lax": "expired"}


@pytest.fixture
async def older_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    async with fresh_database(engine, database_url) as url:
        yield url


async def test_verifications_of_the_older_version_are_merged_after_the_migration(
    older_url: str, keys: KeyRing
) -> None:
    engine = create_engine(older_url)
    try:
        await migrate(older_url)
        old = Store(engine, keys)
        await old.record()
        await old.record(callback(app_id="lax"))
        await bring_to(engine, "0004", way=command.downgrade)
        await migrate(older_url)
        late = await old.record(callback(payload(2), app_id="lax"))
        store = sharing(engine, keys)
        await claim(store)
        await claim(store, later=LEASE)
        assert (await store.record(callback(payload(2)))).verification_id == late.verification_id
        assert await store.rows("SELECT app_id, biz_id FROM biz_owners ORDER BY biz_id") == [
            ("demo", biz_id(1)),
            ("lax", biz_id(2)),
        ]
        assert await store.rows("SELECT app_id FROM verifications WHERE state = 'received' ORDER BY 1") == [
            ("demo",),
            ("lax",),
        ]
    finally:
        await engine.dispose()
