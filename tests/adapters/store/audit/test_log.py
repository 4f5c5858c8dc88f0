"""Pages of the audit are complete, and read a bounded number of rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.audit.log import IN_ORDER, WINDOW, PgAuditLog, select_page
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.views.audit import AuditFilter
from tests.support.servers.databases import migrated_database
from tests.support.storage.audit.audits import audit_row, write_rows

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
EVERYWHERE: Final = AuditFilter()


async def all_pages(engine: AsyncEngine, which: AuditFilter, *, limit: int) -> list[Any]:
    """The rows of every page."""
    log, after, rows = PgAuditLog(engine), None, []
    while True:
        page = await log.page(which, limit=limit, after=after)
        rows += page.items
        after = page.next
        if after is None:
            return rows


async def test_a_noted_row_is_read(engine: AsyncEngine) -> None:
    row = audit_row(7, app_id="demo", address="10.0.0.7", reason="why")
    await PgAuditLog(engine).note(row)
    [read] = (await PgAuditLog(engine).page(EVERYWHERE, limit=5)).items
    for name in AuditRow.__struct_fields__:
        assert getattr(read, name) == getattr(row, name)


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_each_filter_finds_its_rows_newest_first(engine: AsyncEngine, limit: int) -> None:
    written = []
    for n, (app, actor) in enumerate(product(("demo", "shop", None), ("token:a", "token:b"))):
        row = audit_row(n % 2, app_id=app, actor=actor)
        await PgAuditLog(engine).note(row)
        written.append(row)
    kinds: list[dict[str, Any]] = [
        {},
        {"actor": "token:a"},
        {"subject": "1"},
        {"action": Action.ENDPOINT_CHANGED},
        {"action": "token.created"},
        {"actor": "token:b", "subject": "0"},
    ]
    for apps, kind in product((None, ("demo",), ("demo", "shop"), ()), kinds):
        which = AuditFilter(app_ids=apps, **kind)
        expected = [
            row
            for row in reversed(written)
            if (apps is None or row.app_id in apps)
            and all(getattr(row, name) == value for name, value in kind.items())
        ]
        found = await all_pages(engine, which, limit=limit)
        assert [(row.app_id, row.actor, row.subject) for row in found] == [
            (row.app_id, row.actor, row.subject) for row in expected
        ]


@pytest.mark.parametrize("kind", [{}, {"actor": "person:li.na"}])
async def test_rows_before_since_are_left_out(engine: AsyncEngine, kind: dict[str, Any]) -> None:
    await write_rows(engine, 3)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET at = '2026-01-01T00:00:00Z' WHERE subject = '2'"))
    which = AuditFilter(since=START + timedelta(microseconds=1), **kind)
    assert [row.subject for row in await all_pages(engine, which, limit=1)] == ["1", "0"]
    for since in (START, datetime.min.replace(tzinfo=UTC)):
        assert len(await all_pages(engine, AuditFilter(since=since, **kind), limit=1)) == 3


@pytest.mark.parametrize("kind", [{}, {"actor": "person:li.na"}, {"app_ids": ("demo", "shop")}])
@pytest.mark.parametrize("limit", [1, 50])
async def test_rows_from_until_on_are_left_out(engine: AsyncEngine, kind: dict[str, Any], limit: int) -> None:
    await write_rows(engine, 4)
    async with engine.begin() as connection:
        moved = (
            "UPDATE audit SET app_id = 'demo', at = CAST(:at AS timestamptz) + subject::int * interval '1 h'"
        )
        await connection.execute(text(moved), {"at": START})
    until = START + timedelta(hours=2)
    for since, expected in ((None, ["1", "0"]), (START + timedelta(hours=1), ["1"])):
        which = AuditFilter(since=since, until=until, **kind)
        assert [row.subject for row in await all_pages(engine, which, limit=limit)] == expected


MANY: Final = """
INSERT INTO audit (at, app_id, actor, action, subject)
SELECT CAST(:start AS timestamptz) + n * interval '1 second', CASE WHEN n % 3 = 0 THEN 'demo' END,
       CASE WHEN n <= 5 THEN 'person:early' WHEN n % 2 = 0 THEN 'token:a' ELSE 'token:b' END,
       CASE WHEN n % 2 = 0 THEN 'endpoint.changed' ELSE 'endpoint.enabled' END, CAST(n % 1000 AS text)
FROM generate_series(1, CAST(:count AS integer)) n
"""

FILTERS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"actor": "person:early"},
    {"actor": "token:a"},
    {"actor": "nobody"},
    {"action": "endpoint.changed"},
    {"action": "token.created"},
    {"subject": "17"},
    {"subject": "absent"},
    {"actor": "token:a", "action": "endpoint.enabled"},
    {"actor": "token:b", "subject": "18"},
    {"app_ids": ("demo",)},
    {"app_ids": ("demo",), "actor": "token:a"},
    {"app_ids": ("other",)},
    {"app_ids": ("other", "another")},
)


@pytest.fixture
async def many(
    engine: AsyncEngine, database_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[AsyncEngine]:
    """A database with N rows, and no statistics of them."""
    async with migrated_database(engine, database_url) as url:
        many = create_engine(url, statement_timeout=None)
        async with many.begin() as connection:
            await connection.execute(text("ALTER TABLE audit SET (autovacuum_enabled = off)"))
            count = int(request.config.getoption("--rows"))
            await connection.execute(text(MANY), {"count": count, "start": START})
        yield many
        await many.dispose()


async def test_no_page_reads_more_than_a_window(many: AsyncEngine) -> None:
    """`pytest … --rows 1000000` does it on more rows."""
    for statistics in (False, True):
        async with many.begin() as connection:
            if statistics:
                await connection.execute(text("ANALYZE audit"))
            for filters in FILTERS:
                for since, until in product((None, START + timedelta(days=1)), (None, START)):
                    which = AuditFilter(since=since, until=until, **filters)
                    read = await rows_read(connection, which)
                    is_one = len(filters) <= 1 and "app_ids" not in filters and not since and not until
                    bound = 51 if is_one else WINDOW
                    assert read <= bound + 51, (statistics, which, read)


async def rows_read(connection: Any, which: AuditFilter) -> int:
    """The rows that scans of the table read for the first page."""
    await connection.execute(IN_ORDER)
    statement, values = select_page(which, limit=50, after=None)
    explained = text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}")
    [plan] = await connection.scalar(explained, values)
    return round(sum(map(rows_of, nodes(plan["Plan"]))))


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


def rows_of(node: dict[str, Any]) -> float:
    if node.get("Relation Name") != "audit":
        return 0
    removed = node.get("Rows Removed by Filter", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])
