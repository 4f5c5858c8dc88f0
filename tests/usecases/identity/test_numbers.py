"""The index is completed sweep by sweep, and the persons in it are counted."""

from sqlalchemy import text

from tests.support.storage.stores import callback, payload
from tests.support.workers.jobs import Jobs, run_crons
from usecases.identity.numbers import AT_ONCE


async def test_what_an_older_version_decided_is_indexed_and_counted(jobs: Jobs) -> None:
    await jobs.store.decide(await jobs.store.record(callback(payload(1))), tree=payload(1))
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM id_numbers"))
        await connection.execute(text("UPDATE verifications SET numbered = NULL"))
    await run_crons(jobs.context, jobs.loops())
    assert await jobs.store.rows("SELECT count(*) FROM id_numbers") == [(1,)]
    assert await jobs.store.rows("SELECT app_id, persons FROM person_counts") == [("demo", 1)]


async def test_many_are_passed_in_one_sweep(jobs: Jobs) -> None:
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text(UNREADABLE), {"count": AT_ONCE + 1})
    await run_crons(jobs.context, jobs.loops())
    assert await jobs.store.rows("SELECT count(*) FROM verifications WHERE numbered IS NULL") == [(0,)]


UNREADABLE = """
INSERT INTO verifications (id, app_id, biz_id, state, wrapped_key, identity_ct)
SELECT gen_random_uuid(), 'demo', CAST(n AS text), 'decided', '', ''
FROM generate_series(1, CAST(:count AS integer)) n
"""
