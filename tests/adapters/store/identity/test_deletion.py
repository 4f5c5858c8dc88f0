"""What is deleted as a whole by age: verifications with their decisions, and rows of the audit."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.identity.overdue import PgOverdue
from adapters.store.tables.schema import metadata
from cli.audit.verify_audit import verify
from domain.identity.retention import EVERY_APP, Due, Kind, Retention, Retentions, SharedRetention
from domain.model import verification_id
from tests.support.storage.aging import Aging
from tests.support.storage.audit.audits import close_all, exported, write_rows
from tests.support.storage.erasing import ACTOR
from tests.support.storage.stores import NOW, biz_id
from usecases.identity.retain import overdue_of

DAYS: Retentions = {"demo": Retention(7, 90, 100), EVERY_APP: SharedRetention(audit_days=1000)}
KEPT_TABLES = {"erasures", "retention_marks", "events"}
"""A restored backup is compared with the first. The second is a place in the order of time. Events have days
of their own."""


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Aging:
    return Aging(engine, keys, DAYS)


async def of_verification(store: Aging, n: int) -> set[str]:
    """The tables with rows of verification `n`."""
    which = verification_id("demo", biz_id(n))
    columns = {
        name: "id" if name == "verifications" else "verification_id"
        for name, table in metadata.tables.items()
        if name == "verifications" or "verification_id" in table.c
    }
    counts = {
        name: await store.rows(f"SELECT 1 FROM {name} WHERE {column} = '{which}'")
        for name, column in columns.items()
    }
    return {name for name, rows in counts.items() if rows}


async def deleted(store: Aging) -> list[tuple[str, str, int]]:
    """The audit's rows about what was deleted."""
    return await store.rows("""
SELECT actor, action, CAST(detail ->> 'count' AS integer) FROM audit
WHERE action IN ('audit.purged', 'verifications.deleted') ORDER BY id""")


async def test_a_decision_goes_with_everything_of_its_verification(store: Aging) -> None:
    await store.fill(1, 2)
    await store.later(90.1)
    assert {"decisions", "timeline", "pulls", "callbacks"} <= await of_verification(store, 1)
    await store.erase(2)

    assert await store.later(100.4) == []
    assert await store.later(101.1) == [Due("demo", Kind.DECISIONS, 2)]

    for n in (1, 2):
        assert await of_verification(store, n) - KEPT_TABLES == set()
    assert await deleted(store) == [("gateway:retention", "verifications.deleted", 2)]
    assert await store.later(102) == []


async def test_what_ended_without_a_decision_goes_too(store: Aging) -> None:
    await store.register(1)
    await store.fill()
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET state = 'expired', due_at = NULL"))

    assert await store.later(101.1) == [Due("demo", Kind.EXPIRED, 1), Due("demo", Kind.UNDECIDED, 1)]

    assert await store.rows("SELECT * FROM verifications") == []


async def test_held_decisions_stay_and_are_not_overdue(store: Aging) -> None:
    await store.fill(1, 2)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")
    await store.later(90.1)
    # Erased before there was the hold: only the hold keeps it now.
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET erased_at = now()"))
    store.clock.now = NOW + timedelta(days=102.1)

    assert Due("demo", Kind.DECISIONS, 2, held=1) in await store.run.due()
    assert await store.later(103.1) == [Due("demo", Kind.DECISIONS, 1)]

    assert "decisions" in await of_verification(store, 1)
    assert await overdue_of(PgOverdue(store.engine), DAYS, clock=store.clock) == []
    await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="case closed")
    assert Due("demo", Kind.DECISIONS, 1) in await store.later(103.2)


async def test_the_function_itself_checks_age_erasure_and_holds(store: Aging) -> None:
    await store.fill(1, 2, 3)
    await store.desk.hold("demo", biz_id(2), actor=ACTOR, reason="court order 7")
    async with store.engine.begin() as connection:
        held = {"id": verification_id("demo", biz_id(2))}
        await connection.execute(text("UPDATE verifications SET erased_at = now() WHERE id = :id"), held)
    await store.erase(3)

    assert await call(store, (1, 2), before=datetime.now(UTC)) == 0
    assert await call(store, (3,), before=NOW - timedelta(days=1)) == 0
    assert await call(store, (3,), before=datetime.now(UTC), app_id="other") == 0
    await set_decided(store, datetime.now(UTC) - timedelta(days=29))
    assert await call(store, (3,), before=datetime.now(UTC)) == 0
    await set_decided(store, datetime.now(UTC) - timedelta(days=31))
    assert await call(store, (1, 2, 3), before=datetime.now(UTC)) == 1


async def test_an_open_case_keeps_its_verification(store: Aging) -> None:
    await store.fill(1)
    await store.erase(1)
    async with store.engine.begin() as connection:
        await connection.execute(text(_OPEN_CASE), {"id": verification_id("demo", biz_id(1)), "now": NOW})

    assert Kind.DECISIONS not in {each.kind for each in await store.later(102)}
    assert await call(store, (1,), before=datetime.now(UTC)) == 0

    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE review_cases SET state = 'closed', closed_at = now()"))
    assert await store.later(102.1) == [Due("demo", Kind.DECISIONS, 1)]
    assert await store.rows("SELECT * FROM review_cases") == []


async def test_purged_audit_still_verifies(store: Aging) -> None:
    await write_rows(store.engine, 7)
    await age_audit(store)
    await write_rows(store.engine, 3)
    anchors = await close_all(store.engine, limit=4)

    assert await store.later(1000.4) == []
    assert await store.later(1001.1) == [Due(EVERY_APP, Kind.AUDIT, 7)]

    anchors += await close_all(store.engine)
    good, lines = verify(map(json.dumps, await exported(store.engine)), anchors)
    assert good, lines
    assert lines[0] == "4 rows and 7 purged rows in 4 blocks"
    assert await deleted(store) == [("gateway:retention", "audit.purged", 7)]


async def test_rows_about_a_held_verification_stay(store: Aging) -> None:
    await store.fill(1)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")
    await write_rows(store.engine, 2)
    await age_audit(store)
    await close_all(store.engine)
    store.clock.now = NOW + timedelta(days=1001.1)

    assert Due(EVERY_APP, Kind.AUDIT, 3, held=1) in await store.run.due()
    await store.run.run()

    assert await store.rows("SELECT action FROM audit WHERE subject IS NOT NULL") == [("hold.placed",)]


async def test_rows_in_no_block_and_young_rows_are_never_purged(store: Aging) -> None:
    await write_rows(store.engine, 2)
    await close_all(store.engine)
    async with store.engine.begin() as connection:
        purged = await connection.scalar(text("SELECT purge_audit_by_age(now(), 100)"))
    assert purged == 0
    await write_rows(store.engine, 1)
    await age_audit(store)

    assert await store.later(1001.1) == [Due(EVERY_APP, Kind.AUDIT, 2)]
    assert len(await store.rows("SELECT 1 FROM audit WHERE action = 'endpoint.changed'")) == 1


async def test_a_large_class_keeps_none_waiting(store: Aging) -> None:
    await store.fill(1, 2, 3)
    await write_rows(store.engine, 2)
    await age_audit(store)
    await close_all(store.engine)
    store.clock.now = NOW + timedelta(days=1001.1)

    kinds = [(await store.run.run(budget=2))[0].kind for _ in range(4)]

    assert kinds == [Kind.RAW, Kind.IDENTITY, Kind.DECISIONS, Kind.AUDIT]


async def age_audit(store: Aging) -> None:
    """Date the audit's rows back, as if they had been written so."""
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET at = :now"), {"now": NOW})


async def set_decided(store: Aging, at: datetime) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE decisions SET decided_at = :at"), {"at": at})


async def call(store: Aging, numbers: Iterable[int], *, before: datetime, app_id: str = "demo") -> int:
    """Call the function that deletes, as a process that wants too much."""
    values = {"ids": [verification_id("demo", biz_id(n)) for n in numbers], "before": before, "app": app_id}
    statement = text("SELECT delete_verifications_by_age(:app, CAST(:ids AS uuid[]), :before)")
    async with store.engine.begin() as connection:
        return int(await connection.scalar(statement, values) or 0)


_OPEN_CASE = """
INSERT INTO review_cases
  (verification_id, app_id, opened_because, policy_hash, four_eyes, opened_at, due_at, priority)
VALUES (:id, 'demo', 'policy', 'hash', '{}', :now, :now, 0)
"""
