"""A page of cases and the next case read a few rows for each part, however many cases there are.

`pytest tests/adapters/store/reviews/test_queue.py --rows 100000` does it on more of them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.reviews.queue import DUE, select_next, select_page
from adapters.store.statements.bulk import bulk_connection
from domain.reviews.case import Priority, Shown
from domain.views.reviews import CaseFilter, CasePlace
from tests.support.servers.databases import migrated_database
from tests.support.storage.stores import NOW

PAGE: Final = 51
PERSON: Final = UUID(int=1)
MUCH_LATER: Final = NOW + timedelta(days=3650)
"""By then every case is overdue."""
PARTS: Final = 3 * 4
"""States and priorities of an app."""

MANY: Final = """
INSERT INTO review_cases (verification_id, app_id, opened_because, policy_hash, four_eyes, opened_at, due_at,
                          priority, state, claimed_by, claimed_name, lease_until, snoozed_until, proposal,
                          closed_at, escalate_at)
SELECT gen_random_uuid(), CASE WHEN n % 10 = 0 THEN 'small' ELSE 'demo' END, 'decision', 'h', '{approved}',
       CAST($2 AS timestamptz), CAST($2 AS timestamptz) + n * interval '1 second', 1 + n % 4, each.state,
       CASE WHEN n % 997 = 0 AND each.state = 'open' THEN gen_random_uuid() END, 'person:x',
       CASE WHEN n % 997 = 0 AND each.state = 'open' THEN CAST($2 AS timestamptz) + interval '1 hour' END,
       CASE each.state WHEN 'snoozed' THEN CAST($2 AS timestamptz) + interval '1 day' END,
       CASE each.state WHEN 'proposed' THEN json_build_object('person_id', gen_random_uuid()) END,
       CASE each.state WHEN 'closed' THEN CAST($2 AS timestamptz) + n * interval '1 second' END,
       CASE WHEN each.state <> 'closed' THEN CAST($2 AS timestamptz) + interval '1 day' END
FROM generate_series(1, CAST($1 AS integer)) AS n CROSS JOIN LATERAL (
  SELECT (ARRAY['open', 'open', 'open', 'snoozed', 'proposed', 'closed', 'closed'])[1 + n % 7] AS state
) AS each
"""


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> int:
    """The number of cases."""
    return int(request.config.getoption("--rows"))


@pytest.fixture
async def filled(engine: AsyncEngine, database_url: str, rows: int) -> AsyncIterator[AsyncEngine]:
    """A database with N cases of two apps, and no statistics of them."""
    async with migrated_database(engine, database_url) as url:
        filled = create_engine(url)
        async with bulk_connection(filled) as connection:
            await connection.execute("ALTER TABLE review_cases SET (autovacuum_enabled = off)")
            await connection.execute(MANY, rows, NOW)
        yield filled
        await filled.dispose()


async def test_nothing_reads_more_than_a_page_for_each_part(filled: AsyncEngine, rows: int) -> None:
    async with bulk_connection(filled) as connection:
        await check_all(connection, rows)
        await connection.execute("ANALYZE review_cases")
        await check_all(connection, rows)


async def check_all(connection: asyncpg.Connection, rows: int) -> None:
    for statement, values, most in every_statement(rows):
        read = await rows_read(connection, statement, values)
        assert read <= most, (statement, values, read)


def every_statement(rows: int) -> list[tuple[str, Sequence[Any], int]]:
    """Every kind of statement, and the most rows that it may read."""
    made: list[tuple[str, Sequence[Any], int]] = []
    middle: CasePlace = (2, NOW + timedelta(seconds=rows / 2), UUID(int=0))
    held = rows // 997 + 2
    for apps, state, after in product((["demo"], ["demo", "small"]), (None, *Shown), (None, middle)):
        which = CaseFilter(app_ids=apps, state=state)
        most = 2 * PAGE * PARTS * len(apps) + 2 * held
        made.append((*select_page(which, limit=PAGE, now=NOW, after=after), most))
    narrow: list[dict[str, Any]] = [{"priority": Priority.LOW}, {"overdue": True}, {"held_by": PERSON}]
    for apps, more, after in product((["demo"], ["demo", "small"]), narrow, (None, middle)):
        chosen = CaseFilter(app_ids=apps, **more)
        most = 2 * PAGE * PARTS * len(apps) + 2 * held
        made.append((*select_page(chosen, limit=PAGE, now=NOW, after=after), most))
    for apps in (["demo"], ["demo", "small"]):
        late = select_page(CaseFilter(app_ids=apps, overdue=True), limit=PAGE, now=MUCH_LATER, after=None)
        made.append((*late, 2 * PAGE * PARTS * len(apps) + 2 * held))
        asked = select_next(apps, person_id=PERSON, now=NOW, approving=apps)
        made.append((*asked, 3 * 32 * 2 * len(apps) + 2 * held))
    made.append((DUE, (NOW, 100), 300))
    return made


async def rows_read(connection: asyncpg.Connection, statement: str, values: Sequence[Any]) -> int:
    [explained] = await connection.fetchval(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *values
    )
    return round(sum(read_by(node) for node in nodes(explained["Plan"])))


def nodes(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def read_by(node: Mapping[str, Any]) -> float:
    """The rows of cases that a node read, also those that it filtered out."""
    if node.get("Relation Name") != "review_cases":
        return 0
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
