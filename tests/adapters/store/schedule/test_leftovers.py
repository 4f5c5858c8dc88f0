"""What a worker of an older version writes is completed, in batches."""

import pytest
from sqlalchemy import text

from adapters.store.schedule.leftovers import PgLeftovers
from domain.model import Outcome
from domain.pulls.budget import RESULT_KEPT
from domain.views.verifications import Filters
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload


@pytest.fixture
def leftovers(store: Store) -> PgLeftovers:
    return PgLeftovers(store.engine)


async def test_a_flow_that_an_older_version_left_without_an_end_gets_one(
    store: Store, leftovers: PgLeftovers
) -> None:
    for n, status in enumerate(("PROCESSING", "PROCESSING", "OK", "CANCELLED"), start=1):
        await store.record(callback(payload(n, status=status)))
    await store.register(5)
    async with store.engine.begin() as connection:
        left = text(
            "UPDATE verifications SET due_at = NULL WHERE vendor_status <> 'PROCESSING' OR biz_id = :id"
        )
        await connection.execute(left, {"id": biz_id(2)})
    assert await leftovers.end_unfinished(limit=9) == 1
    [(due_at,)] = await store.rows("SELECT due_at FROM verifications WHERE biz_id = :id", id=biz_id(2))
    assert due_at == NOW + RESULT_KEPT
    assert await leftovers.end_unfinished(limit=9) == 0


async def test_flows_without_an_end_get_one_in_batches(store: Store, leftovers: PgLeftovers) -> None:
    for n in range(3):
        await store.record(callback(payload(n, status="PROCESSING")))
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET due_at = NULL"))
    assert [await leftovers.end_unfinished(limit=2) for _ in range(3)] == [2, 1, 0]


async def decided_by_an_older_version(store: Store) -> None:
    """Verifications 1 to 3, which are listed as `decided`, not by their outcome."""
    for n, outcome in enumerate((Outcome.APPROVED, Outcome.REJECTED, Outcome.REJECTED), start=1):
        await store.decide(await store.record(callback(payload(n))), outcome=outcome)
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET listed_as = NULL"))


async def test_what_an_older_version_decided_is_found_by_its_outcome(store: Store) -> None:
    await decided_by_an_older_version(store)
    await store.decide(await store.record(callback(payload(4))), outcome=Outcome.REJECTED)
    await store.record(callback(payload(5)))
    for biz_no in (None, "order-1"):
        rejected = Filters(app_ids=["demo"], outcome="rejected", biz_no=biz_no)
        decided = Filters(app_ids=["demo"], state="decided", biz_no=biz_no)
        every = Filters(app_ids=["demo"], biz_no=biz_no)
        for filters, expected in ((rejected, (4, 3, 2)), (decided, (4, 3, 2, 1)), (every, (5, 4, 3, 2, 1))):
            page = await store.lookups.page(filters, limit=9)
            assert [record.biz_id for record in page] == [biz_id(n) for n in expected]


async def test_it_is_listed_by_its_outcome_in_batches(store: Store, leftovers: PgLeftovers) -> None:
    await decided_by_an_older_version(store)
    await store.record(callback(payload(5)))
    assert [await leftovers.list_decided(["demo"], limit=2) for _ in range(3)] == [2, 1, 0]
    listed = await store.rows("SELECT listed_as FROM verifications ORDER BY created_at")
    assert listed == [("approved",), ("rejected",), ("rejected",), (None,)]


async def test_reasons_that_an_older_version_did_not_list_are_listed_in_batches(
    store: Store, leftovers: PgLeftovers
) -> None:
    await decided_by_an_older_version(store)
    await store.decide(await store.record(callback(payload(4))), outcome=Outcome.REVIEW)
    await store.conclude(2)
    async with store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM decision_reasons"))
        await connection.execute(text("UPDATE decisions SET reasons_listed = false"))
    assert [await leftovers.list_reasons(limit=2) for _ in range(3)] == [2, 1, 0]
    listed = await store.rows(
        "SELECT listed_as, code, app_id, biz_no FROM decision_reasons ORDER BY created_at"
    )
    reason = ("face.below_threshold", "demo", "order-1")
    assert listed == [("rejected>approved", *reason), ("rejected", *reason), ("review", *reason)]


async def test_a_decision_review_of_an_older_version_gets_its_case(
    store: Store, leftovers: PgLeftovers
) -> None:
    for n, outcome in enumerate((Outcome.REVIEW, Outcome.REJECTED), start=1):
        await store.decide(await store.record(callback(payload(n))), outcome=outcome)
    async with store.engine.begin() as connection:
        for table in ("review_cases", "review_events", "decision_reasons"):
            await connection.execute(text(f"DELETE FROM {table}"))
        await connection.execute(text("UPDATE decisions SET reasons_listed = false"))
    assert await leftovers.list_reasons(limit=9) == 2
    opened = await store.rows(
        "SELECT c.opened_because, c.app_id, e.kind FROM review_cases c, review_events e"
    )
    assert opened == [("decision", "demo", "opened")]
    assert await leftovers.list_reasons(limit=9) == 0
