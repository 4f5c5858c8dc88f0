"""The owner of a biz_id is deleted when its flow is long over; the verifications still determine it."""

from datetime import datetime, timedelta

from sqlalchemy import text

from adapters.store.recording.owners import BizOwners
from domain.pulls.accounts import OWNER_KEPT, shared_accounts
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload
from tests.support.workers.jobs import Jobs, app, run_crons

APPS = {app_id: app(app_id=app_id) for app_id in ("demo", "lax")}


def sharing(jobs: Jobs) -> Store:
    return Store(jobs.store.engine, jobs.store.keys, owners=BizOwners(shared_accounts(APPS)))


async def owned_since(store: Store, at: datetime, *numbers: int) -> None:
    """Verifications of the app `lax`, owned since that time."""
    for n in numbers:
        await store.record(callback(payload(n), app_id="lax"))
    async with store.engine.begin() as connection:
        statement = text("UPDATE biz_owners SET claimed_at = :at WHERE biz_id = ANY(:ids)")
        await connection.execute(statement, {"at": at, "ids": [biz_id(n) for n in numbers]})


async def owners(store: Store) -> list[str]:
    return [each for (each,) in await store.rows("SELECT biz_id FROM biz_owners ORDER BY claimed_at")]


async def test_a_sweep_deletes_only_old_owners(jobs: Jobs) -> None:
    store = sharing(jobs)
    await owned_since(store, NOW - OWNER_KEPT - timedelta(seconds=1), 1, 2)
    await owned_since(store, NOW - OWNER_KEPT + timedelta(seconds=1), 3)
    await run_crons(jobs.context, jobs.loops())
    assert await owners(store) == [biz_id(3)]


async def test_a_backlog_is_deleted_in_one_sweep(jobs: Jobs) -> None:
    statement = text("""
        INSERT INTO biz_owners (account, biz_id, app_id, claimed_at)
        SELECT 'a', CAST(n AS text), 'lax', :at FROM generate_series(1, 2500) n
    """)
    async with jobs.store.engine.begin() as connection:
        await connection.execute(statement, {"at": NOW - 2 * OWNER_KEPT})
    await run_crons(jobs.context, jobs.loops())
    assert await owners(jobs.store) == []


async def test_an_ownership_in_use_is_skipped_without_waiting(jobs: Jobs) -> None:
    store = sharing(jobs)
    await owned_since(store, NOW - 2 * OWNER_KEPT, 1, 2)
    async with store.engine.connect() as other:
        lock = text("SELECT FROM biz_owners WHERE biz_id = :biz_id FOR UPDATE")
        await other.execute(lock, {"biz_id": biz_id(1)})
        await run_crons(jobs.context, jobs.loops())
        assert await owners(store) == [biz_id(1)]


async def test_a_replay_after_that_is_its_owners_all_the_same(jobs: Jobs) -> None:
    store = sharing(jobs)
    await owned_since(store, NOW - 2 * OWNER_KEPT, 1)
    await run_crons(jobs.context, jobs.loops())
    assert await owners(store) == []
    replayed = await store.record(callback(payload(1), app_id="demo"))
    assert (replayed.app_id, replayed.is_new) == ("lax", False)


async def test_a_verification_moved_to_its_owner_does_not_return(jobs: Jobs) -> None:
    """The other app's verification is the older one."""
    older = jobs.store
    await older.record(callback(payload(1), app_id="lax"))
    await sharing(jobs).register()
    await owned_since(sharing(jobs), NOW - 2 * OWNER_KEPT, 1)
    await run_crons(jobs.context, jobs.loops())
    assert (await sharing(jobs).record(callback(payload(1), app_id="lax"))).app_id == "demo"
