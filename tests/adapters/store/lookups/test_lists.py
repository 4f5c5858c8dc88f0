"""A page of a list reads a few rows for each key, however many verifications there are.

`pytest tests/adapters/store/lookups/test_lists.py --rows 1000000` does it on more of them.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.lookups.lists import select_newest
from adapters.store.statements.bulk import bulk_connection
from domain.views.verifications import Filters
from tests.support.servers.databases import migrated_database

PAGE: Final = 51
CHUNK: Final = 50_000
"""Rows of one statement, which a loaded machine writes within the time limit of statements."""

LISTED: Final = ("verifications", "decision_reasons")
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
APPS: Final = ("demo", "small")
TWENTY: Final = (*APPS, *(f"app-{n}" for n in range(18)))
LISTED_AS: Final = 17
"""The words of a list key: four states, four outcomes, and nine of them with a person's other one."""

DECIDED_WORDS: Final = 13
"""Those of a key with a reason or a mode."""

FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {"app_ids": ["demo"]},
    {"app_ids": APPS},
    {"app_ids": TWENTY},
    {"app_ids": ["app-0"]},
    {"app_ids": APPS, "outcome": "approved"},
    {"app_ids": APPS, "outcome": "rejected"},
    {"app_ids": APPS, "outcome": "review"},
    {"app_ids": APPS, "outcome": "incomplete"},
    {"app_ids": TWENTY, "outcome": "incomplete"},
    {"app_ids": APPS, "state": "decided"},
    {"app_ids": APPS, "state": "received"},
    {"app_ids": APPS, "state": "expired"},
    {"app_ids": APPS, "state": "created"},
    {"app_ids": APPS, "state": "received", "outcome": "approved"},
    {"app_ids": APPS, "state": "decided", "outcome": "review"},
    {"app_ids": APPS, "biz_no": "order-7"},
    {"app_ids": APPS, "biz_no": "everyone's"},
    {"app_ids": APPS, "biz_no": "everyone's", "outcome": "review"},
    {"app_ids": APPS, "biz_no": "everyone's", "state": "created"},
    {"app_ids": APPS, "biz_no": "everyone's", "outcome": "incomplete"},
    {"app_ids": APPS, "effective_outcome": "approved"},
    {"app_ids": APPS, "effective_outcome": "rejected"},
    {"app_ids": TWENTY, "effective_outcome": "incomplete"},
    {"app_ids": APPS, "outcome": "review", "effective_outcome": "approved"},
    {"app_ids": APPS, "outcome": "review", "effective_outcome": "review", "state": "decided"},
    {"app_ids": APPS, "outcome": "approved", "effective_outcome": "rejected"},
    {"app_ids": APPS, "biz_no": "everyone's", "effective_outcome": "approved"},
    {"app_ids": APPS, "biz_no": "everyone's", "outcome": "review", "effective_outcome": "rejected"},
    {"app_ids": APPS, "reason": "face.below_threshold"},
    {"app_ids": TWENTY, "reason": "face.below_threshold"},
    {"app_ids": APPS, "reason": "attack.mask"},
    {"app_ids": APPS, "reason": "id.expired"},
    {"app_ids": APPS, "reason": "face.below_threshold", "state": "decided"},
    {"app_ids": APPS, "reason": "face.below_threshold", "state": "received"},
    {"app_ids": APPS, "reason": "face.below_threshold", "outcome": "review"},
    {"app_ids": APPS, "reason": "face.below_threshold", "effective_outcome": "approved"},
    {"app_ids": APPS, "reason": "face.below_threshold", "outcome": "review", "effective_outcome": "rejected"},
    {"app_ids": APPS, "reason": "face.below_threshold", "biz_no": "everyone's"},
    {"app_ids": APPS, "reason": "attack.mask", "biz_no": "everyone's", "outcome": "review"},
    {"app_ids": APPS, "reason": "face.below_threshold", "biz_no": "order-203"},
    {"app_ids": APPS, "mode": "required"},
    {"app_ids": TWENTY, "mode": "off"},
    {"app_ids": APPS, "mode": "preferred"},
    {"app_ids": APPS, "mode": "off", "state": "decided", "outcome": "rejected"},
    {"app_ids": APPS, "mode": "off", "state": "received"},
    {"app_ids": APPS, "mode": "required", "effective_outcome": "approved"},
    {"app_ids": APPS, "mode": "off", "outcome": "review", "effective_outcome": "rejected"},
)


class Cost(NamedTuple):
    """What a statement cost the server."""

    returned: int
    read: int
    buffers: int


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> int:
    """The number of verifications."""
    return int(request.config.getoption("--rows"))


@pytest.fixture
async def listed(engine: AsyncEngine, database_url: str, rows: int) -> AsyncIterator[AsyncEngine]:
    """A database with N verifications of two apps and their reasons, and no statistics of them."""
    async with migrated_database(engine, database_url) as url:
        listed = create_engine(url)
        async with listed.begin() as connection:
            for table in LISTED:
                await connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
            for first in range(1, rows + 1, CHUNK):
                last = min(first + CHUNK - 1, rows)
                await connection.execute(text(MANY), {"first": first, "last": last, "start": START})
            await connection.execute(text(REASONS))
        yield listed
        await listed.dispose()


async def test_no_filter_reads_more_than_a_page_for_each_key(listed: AsyncEngine, rows: int) -> None:
    async with bulk_connection(listed) as connection:
        await check_all(connection, rows)
        for table in LISTED:
            await connection.execute(f"ANALYZE {table}")
        await check_all(connection, rows)


async def check_all(connection: asyncpg.Connection, rows: int) -> None:
    for filters in every_filter(rows):
        for after in (None, (START + timedelta(seconds=rows / 3), UUID(int=1))):
            statement, values = select_newest(filters, limit=PAGE, after=after)
            cost = await cost_of(connection, statement, values)
            words = LISTED_AS if (filters.reason, filters.mode) == (None, None) else DECIDED_WORDS
            keys = words * len(filters.app_ids)
            # A key without rows costs the way down the index: four pages, and one beside.
            assert cost.read <= PAGE * min(keys, 2 * words), (filters, cost)
            assert cost.buffers <= 5 * keys + 2 * cost.read, (filters, cost)


def every_filter(rows: int) -> Iterator[Filters]:
    early, late = START + timedelta(seconds=rows / 10), START + timedelta(seconds=rows / 5)
    for each in FILTERS:
        for since, until in ((None, None), (early, None), (None, early), (early, late)):
            yield Filters(**each, since=since, until=until)


async def cost_of(connection: asyncpg.Connection, statement: str, values: Any) -> Cost:
    [explained] = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}", *values
    )
    top = explained["Plan"]
    read = sum(rows_of(node) for node in nodes(top) if node.get("Relation Name") in LISTED)
    buffers = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Cost(round(top["Actual Rows"]), round(read), buffers)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_of(node: Mapping[str, Any]) -> float:
    """The rows that a scan read, in all its loops."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


MANY = """
INSERT INTO verifications (id, app_id, biz_id, biz_no, state, listed_as, mode, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 10 = 0 THEN 'small' ELSE 'demo' END, CAST(n AS text),
       CASE WHEN n % 2 = 0 THEN 'everyone''s' ELSE 'order-' || n END, word.state,
       CASE WHEN word.state = 'decided' THEN word.outcome END,
       CASE WHEN word.state = 'decided' THEN CASE WHEN n % 4001 = 0 THEN 'off' ELSE 'required' END END,
       CAST(:start AS timestamptz) + n * interval '1 second'
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) n CROSS JOIN LATERAL (
  SELECT CASE WHEN n % 1000 = 1 THEN 'received' WHEN n % 20000 = 2 THEN 'expired' ELSE 'decided' END AS state,
         CASE WHEN n % 10007 = 0 THEN 'review' WHEN n % 5003 = 0 THEN 'review>approved'
              WHEN n % 7001 = 0 THEN 'review>rejected' WHEN n % 9001 = 0 THEN 'approved>rejected'
              WHEN n % 100 = 3 THEN 'rejected' ELSE 'approved' END AS outcome
) AS word
"""

REASONS: Final = """
INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
SELECT id, code, app_id, listed_as, biz_no, created_at FROM verifications v CROSS JOIN LATERAL (
  SELECT 'face.below_threshold' AS code
  UNION ALL SELECT 'attack.mask' WHERE CAST(v.biz_id AS integer) % 3001 = 3
) AS reason
WHERE listed_as NOT LIKE 'approved%'
"""
