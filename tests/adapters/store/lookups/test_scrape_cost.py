"""A scrape reads a bounded number of rows, however many wait, are overdue or were concluded."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.store.identity.overdue import MOST_OVERDUE, PgOverdue
from adapters.store.lookups.figures import MOST, PgFigures
from adapters.store.tables.schema import metadata
from domain.identity.retention import EVERY_APP, Retention, Retentions, SharedRetention
from tests.support.servers.databases import migrated_database
from tests.support.servers.statistics import read_in
from tests.support.storage.stores import NOW
from usecases.identity.retain import overdue_of

DAYS: Retentions = {"demo": Retention(), EVERY_APP: SharedRetention()}

ROWS = MOST + 8_000
"""Of each kind that a metric counts; twice as many would be read just so."""

BOUNDS = {
    "verifications": 2 * MOST + MOST_OVERDUE,
    "decisions": 2 * MOST_OVERDUE + 2 * MOST,
    "dead_letters": 2 * MOST + 2 * MOST_OVERDUE,
    "deliveries": 2 * MOST,
    "review_cases": 4 * MOST,
    "review_events": MOST,
    "reviews": 2 * MOST,
    "audit": 2 * MOST_OVERDUE,
    "audit_leaves": MOST_OVERDUE,
}
"""The rows and entries of indexes that a scrape may read of each table. Of others, `FEW`."""

FEW = 100


@pytest.fixture
async def full_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    """A database of one app with many rows of everything, and no statistics of them."""
    async with migrated_database(engine, database_url) as url:
        full = create_engine(url)
        async with full.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"ALTER TABLE {table.name} SET (autovacuum_enabled = off)"))
            for statement in FILL:
                await connection.execute(text(statement), {"rows": ROWS, "now": NOW})
        await full.dispose()
        yield url


async def test_a_scrape_reads_a_bounded_number_of_rows(engine: AsyncEngine, full_url: str) -> None:
    before = await read_in(engine, full_url)
    scraped = create_engine(full_url)
    figures = await PgFigures(scraped).read(NOW)
    overdue = await overdue_of(PgOverdue(scraped), DAYS, clock=lambda: NOW)
    await scraped.dispose()

    assert [each.count for each in figures.open] == [MOST, MOST]
    assert [each.count for each in overdue] == [MOST_OVERDUE] * 4
    assert figures.audit_late == MOST_OVERDUE
    read = await read_in(engine, full_url)
    for table in metadata.tables:
        spent = read.get(table, 0) - before.get(table, 0)
        assert spent <= BOUNDS.get(table, 0) * 1.1 + FEW, (table, spent)


LONG_AGO = "CAST(:now AS timestamptz) - interval '200 days'"
TODAY = "CAST(:now AS timestamptz) - interval '1 minute'"
EACH = "FROM generate_series(1, CAST(:rows AS integer)) n"
FILL = (
    *(
        f"""
INSERT INTO verifications (id, app_id, biz_id, state, listed_as, created_at, received_at)
SELECT gen_random_uuid(), 'demo', '{state}' || n, '{state}', {listed_as}, {LONG_AGO}, {LONG_AGO} {EACH}"""
        for state, listed_as in (
            ("created", "NULL"),
            ("received", "NULL"),
            ("expired", "NULL"),
            ("decided", "'approved'"),
        )
    ),
    """
INSERT INTO policies (content_hash, name, version, content) VALUES ('hash', 'default', 1, '')""",
    f"""
INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                       mode, callback_facts, result_facts, decided_at)
SELECT id, 'demo', 'review', 'callback', '[{{"code": "face.below_threshold"}}]', '[]', '[]', 'hash',
       'required', '{{}}', '{{}}', {LONG_AGO}
FROM verifications WHERE state = 'decided'""",
    *(
        f"""
INSERT INTO dead_letters (id, app_id, kind, reason, detail, wrapped_key, raw_ct, first_seen_at, last_seen_at,
                          retried_at)
SELECT gen_random_uuid(), 'demo', 'notify', 'common', '', '', '', {LONG_AGO}, {LONG_AGO}, {retried} {EACH}"""
        for retried in ("NULL", "now()")
    ),
    f"""
INSERT INTO endpoints (id, app_id, url, types, format, signature, max_in_flight, wrapped_key, private_ct,
                       state, created_at, updated_at)
VALUES (gen_random_uuid(), 'demo', '', '{{}}', '', '', 1, '', '', 'enabled', {TODAY}, {TODAY})""",
    f"""
INSERT INTO deliveries (endpoint_id, app_id, seq, event_id, type, state, due_at, created_at, ended_at)
SELECT id, 'demo', 2 * n, gen_random_uuid(), '', 'pending', {TODAY}, {TODAY}, NULL
FROM endpoints, generate_series(1, CAST(:rows AS integer)) n
UNION ALL SELECT id, 'demo', 2 * n + 1, gen_random_uuid(), '', 'failed', NULL, {TODAY}, {TODAY}
FROM endpoints, generate_series(1, CAST(:rows AS integer)) n""",
    *(
        f"""
INSERT INTO review_cases (verification_id, app_id, opened_because, policy_hash, four_eyes, opened_at, due_at,
                          priority, state, closed_at)
SELECT gen_random_uuid(), 'demo', 'second_look', 'hash', '{{}}', {TODAY}, {TODAY},
       1, '{state}', {closed} {EACH}"""
        for state, closed in (("open", "NULL"), ("snoozed", "NULL"), ("proposed", "NULL"), ("closed", TODAY))
    ),
    f"""
INSERT INTO review_events (case_id, seq, at, actor, kind)
SELECT id, seq, {TODAY}, '', 'looked' FROM review_cases""",
    f"""
INSERT INTO reviews (verification_id, n, case_id, app_id, outcome, reasons, proposed_by, proposed_name,
                     evidence_hash, opened_at, at)
SELECT id, 1, gen_random_uuid(), 'demo', 'approved', '{{}}', gen_random_uuid(), '', '', {TODAY}, {TODAY}
FROM verifications WHERE state = 'decided'""",
    f"INSERT INTO audit (at, actor, action) SELECT {LONG_AGO}, '', '' {EACH}",
    f"INSERT INTO events (type, at, body) SELECT '', {LONG_AGO}, '{{}}' {EACH}",
    f"""
INSERT INTO identity_readers (actor, day, reads, refused)
SELECT CAST(n AS text), CAST({LONG_AGO} AS date), 1, 0 {EACH}""",
)
