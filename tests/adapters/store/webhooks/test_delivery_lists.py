"""A page of deliveries reads a few rows for each state and app, however many deliveries there are.

Seen elsewhere: the list timed out at a million deliveries (polar#8635).
`pytest tests/adapters/store/webhooks/test_delivery_lists.py --rows 1000000` does it on as many.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.webhooks.delivery_desk import select_page
from domain.events.webhooks.delivery import DeliveryState
from domain.views.deliveries import DeliveryFilter
from tests.support.servers.databases import migrated_database

PAGE: Final = 51
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
APPS: Final = ("demo", "other")
ENDPOINT: Final = UUID(int=1)


@pytest.fixture
async def listed(
    engine: AsyncEngine, database_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[AsyncEngine]:
    """A database with many deliveries of ten endpoints of two apps."""
    async with migrated_database(engine, database_url) as url:
        listed = create_engine(url)
        async with listed.begin() as connection:
            await connection.execute(
                text(MANY), {"count": int(request.config.getoption("--rows")), "start": START}
            )
        yield listed
        await listed.dispose()


async def test_no_filter_reads_more_than_a_page_for_each_state_and_app(
    listed: AsyncEngine, request: pytest.FixtureRequest
) -> None:
    rows = int(request.config.getoption("--rows"))
    async with listed.connect() as connection:
        for which in every_filter(rows):
            for after in (None, (START + timedelta(seconds=rows / 3), UUID(int=1))):
                read = await rows_read(connection, which, after)
                assert read <= PAGE * 3 * len(APPS), (which, after, read)


def every_filter(rows: int) -> Iterator[DeliveryFilter]:
    early, late = START + timedelta(seconds=rows / 10), START + timedelta(seconds=rows / 5)
    for endpoint in (None, ENDPOINT):
        for state in (None, *DeliveryState):
            for since, until in ((None, None), (early, None), (None, early), (early, late)):
                yield DeliveryFilter(APPS, endpoint, state, since, until)


async def rows_read(
    connection: AsyncConnection, which: DeliveryFilter, after: tuple[datetime, UUID] | None
) -> int:
    statement, values = select_page(which, limit=PAGE, after=after)
    explained = text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}")
    [plan] = await connection.scalar(explained, values)
    return round(sum(rows_of(node) for node in nodes(plan["Plan"]) if "Relation Name" in node))


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_of(node: Mapping[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


MANY = """
INSERT INTO deliveries (endpoint_id, app_id, seq, event_id, type, state, due_at, ended_at, created_at)
SELECT CAST(lpad(to_hex(1 + n % 10), 32, '0') AS uuid), CASE WHEN n % 2 = 0 THEN 'demo' ELSE 'other' END, n,
       gen_random_uuid(), 'verification.approved', word.state,
       CASE WHEN word.state = 'pending' THEN at.made END, CASE WHEN word.state <> 'pending' THEN at.made END,
       at.made
FROM generate_series(1, CAST(:count AS integer)) n
CROSS JOIN LATERAL (
  SELECT CASE WHEN n % 1001 = 1 THEN 'pending' WHEN n % 2003 = 2 THEN 'failed' ELSE 'delivered' END AS state
) AS word
CROSS JOIN LATERAL (SELECT CAST(:start AS timestamptz) + n * interval '1 second' AS made) AS at
"""
