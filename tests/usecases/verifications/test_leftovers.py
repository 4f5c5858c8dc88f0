"""What an older version left is completed in short transactions."""

from sqlalchemy import text

from tests.support.workers.jobs import Jobs, run_crons
from usecases.verifications.leftovers import AT_ONCE


async def test_all_of_them_get_an_end_in_one_sweep(jobs: Jobs) -> None:
    count = AT_ONCE + 1
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text(LEFT_OPEN), {"count": count})
    await run_crons(jobs.context, jobs.loops())
    ended = "SELECT count(*) FROM verifications WHERE due_at = received_at + interval '1 day'"
    assert await jobs.store.rows(ended) == [(count,)]


LEFT_OPEN = """
INSERT INTO verifications (id, app_id, biz_id, state, wrapped_key, received_at)
SELECT gen_random_uuid(), 'demo', CAST(n AS text), 'received', '', now()
FROM generate_series(1, CAST(:count AS integer)) n
"""
