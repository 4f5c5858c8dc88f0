"""Migrations complete what was written before them; what an older version writes afterwards has an errand."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import migrate
from adapters.store.lookups.lists import find_ids
from adapters.store.schedule.leftovers import PgLeftovers
from domain.views.verifications import Filters
from tests.support.servers.databases import bring_to, fresh_database

MANY = 4500
"""More than two batches of a fill."""


async def test_reasons_from_before_the_table_are_listed(engine: AsyncEngine, database_url: str) -> None:
    async with fresh_database(engine, database_url) as url:
        database = create_engine(url)
        await bring_to(database, "0018")
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO policies VALUES ('h', 'default', '1', '')"))
            await connection.execute(text(DECIDE), {"count": MANY, "outcome": "rejected"})
            await connection.execute(text(DECIDE), {"count": 10, "outcome": "approved"})
        await migrate(url)
        async with database.begin() as connection:
            listed = await connection.execute(text(LISTED))
            assert [tuple(row) for row in listed] == [("face.below_threshold", "demo", "rejected", MANY)]
            await connection.execute(text(DECIDE), {"count": 3, "outcome": "review"})
        leftovers, of_reason = PgLeftovers(database), Filters(app_ids=["demo"], reason="face.below_threshold")
        of_mode = Filters(app_ids=["demo"], mode="required")
        assert len(await find_ids(database, of_mode, limit=9999)) == MANY + 10
        assert [await leftovers.list_modes(limit=2) for _ in range(3)] == [2, 1, 0]
        assert len(await find_ids(database, of_mode, limit=9999)) == MANY + 13
        assert await leftovers.list_reasons(limit=9) == 3
        assert await leftovers.list_reasons(limit=9) == 0
        assert len(await find_ids(database, of_reason, limit=9999)) == MANY + 3
        await database.dispose()


async def test_no_hash_of_a_picture_is_left(engine: AsyncEngine, database_url: str) -> None:
    async with fresh_database(engine, database_url) as url:
        database = create_engine(url)
        await bring_to(database, "0036")
        async with database.begin() as connection:
            await connection.execute(text(PUT), {"count": MANY})
        await migrate(url)
        async with database.begin() as connection:
            left = await connection.execute(text("SELECT count(*), count(digest), sum(size) FROM pictures"))
            assert [tuple(row) for row in left] == [(3 * MANY, 0, 3 * MANY * 1000)]
            # The older version goes on for a while.
            await connection.execute(text(PUT), {"count": 1})
        await database.dispose()


PUT = """
INSERT INTO pictures (verification_id, n, position, app_id, name, media_type, size, digest, begun_at)
SELECT gen_random_uuid(), 1, position, 'demo', 'image_best', 'image/jpeg', 1000, sha256('face'), now()
FROM generate_series(1, CAST(:count AS integer)), generate_series(0, 2) AS position
"""
"""As the version of revision 0036 does."""

LISTED = "SELECT code, app_id, listed_as, count(*) FROM decision_reasons GROUP BY 1, 2, 3"

DECIDE = """
WITH decided AS (
  INSERT INTO verifications (id, app_id, biz_id, state, listed_as)
  SELECT id, 'demo', CAST(id AS text), 'decided', CAST(:outcome AS text)
  FROM generate_series(1, CAST(:count AS integer)) n, LATERAL (SELECT gen_random_uuid() AS id, n) AS made
  RETURNING id
)
INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                       mode, callback_facts, decided_at)
SELECT id, 'demo', CAST(:outcome AS text), 'callback',
       '[{"code": "face.below_threshold", "detail": "41.2 < 64"}]', '[]', '[]', 'h', 'required', '{}', now()
FROM decided
"""
"""As the version of revision 0018 does."""
