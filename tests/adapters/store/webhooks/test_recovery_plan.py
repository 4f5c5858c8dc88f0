"""A recovery reads few rows of the log for its beginning, and a window's rows for each window."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.webhooks.recovery import BEGINNING, RECOVER
from domain.events.event import EventType
from tests.adapters.store.webhooks.test_delivery_lists import nodes, rows_of
from tests.support.servers.databases import migrated_database

ROWS: Final = 100_000
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
ENDPOINT: Final = UUID(int=1)
WINDOW: Final = 500
PER_WINDOW: Final = 6
"""Rows for each of a window: of the log for two types, in the result, and the delivery that is there."""


@pytest.fixture
async def long_log(engine: AsyncEngine, database_url: str) -> AsyncIterator[AsyncEngine]:
    """A log of two apps, and an endpoint that got all but every hundredth event."""
    async with migrated_database(engine, database_url) as url:
        long_log = create_engine(url)
        async with long_log.begin() as connection:
            for statement in (EVENTS, ADD_ENDPOINT, DELIVERIES):
                await connection.execute(text(statement), {"start": START})
        yield long_log
        await long_log.dispose()


async def test_the_beginning_is_found_in_few_rows(long_log: AsyncEngine) -> None:
    async with long_log.connect() as connection:
        for seconds in (0, 1, ROWS // 3, ROWS, 2 * ROWS):
            since = START + timedelta(seconds=seconds)
            assert await rows_read(connection, BEGINNING, {"since": since}) <= 40
            found = await connection.scalar(BEGINNING, {"since": since})
            assert found == min(max(seconds - 1, 0), ROWS)


async def test_a_window_reads_no_more_of_the_log_and_of_the_deliveries(long_log: AsyncEngine) -> None:
    async with long_log.connect() as connection:
        for after, missing in ((0, 10), (ROWS // 2, 10), (ROWS - 10, 1)):
            values = {
                "id": ENDPOINT,
                "types": [EventType.APPROVED.value, EventType.REJECTED.value],
                "since": START,
                "ended_before": START + timedelta(days=9),
                "now": START + timedelta(days=9),
                "rate": 20.0,
                "after": after,
                "limit": WINDOW,
            }
            assert await rows_read(connection, RECOVER, values) <= PER_WINDOW * WINDOW
            await connection.rollback()
            made, looked, last = (await connection.execute(RECOVER, values)).one()
            assert (made, looked) == (missing, min(WINDOW, (ROWS - after) // 2))
            assert last == min(after + 2 * WINDOW, ROWS)
            await connection.rollback()


async def rows_read(connection: AsyncConnection, statement: TextClause, values: dict[str, Any]) -> int:
    explained = text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}")
    [plan] = await connection.scalar(explained, values)
    return round(sum(rows_of(node) for node in nodes(plan["Plan"]) if "Relation Name" in node))


EVENTS = f"""
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT CASE WHEN n % 2 = 0 THEN 'demo' ELSE 'other' END, gen_random_uuid(), 1,
       CASE WHEN n % 3 = 0 THEN 'verification.rejected' ELSE 'verification.approved' END,
       CAST(:start AS timestamptz) + n * interval '1 second', '{{}}'
FROM generate_series(1, {ROWS}) n ORDER BY n
"""

ADD_ENDPOINT = f"""
INSERT INTO endpoints (id, app_id, url, types, format, signature, max_in_flight, wrapped_key, private_ct,
                       state, cursor, created_at, updated_at)
VALUES ('{ENDPOINT}', 'demo', 'https://shop.example/', ARRAY['*'], 'thin', 'standard', 16, '', '', 'enabled',
        {ROWS}, :start, :start)
"""

DELIVERIES = f"""
INSERT INTO deliveries
  (endpoint_id, app_id, seq, event_id, type, verification_id, n, state, created_at, ended_at)
SELECT '{ENDPOINT}', app_id, seq, id, type, verification_id, n, 'delivered', :start, :start FROM events
WHERE app_id = 'demo' AND seq % 100 <> 0
"""
