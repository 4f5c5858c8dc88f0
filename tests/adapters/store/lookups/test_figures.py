"""Figures of the store: undecided verifications, those near loss, waiting letters."""

from datetime import timedelta

from sqlalchemy import text

from adapters.store.audit.rows import append
from adapters.store.lookups.figures import MOST, PgFigures
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.views.operations.figures import EventLog, Letters, OpenVerifications, StoreFigures
from tests.support.storage.stores import NOW, Store, callback, payload

HOUR = timedelta(hours=1)


async def open_ones(store: Store, *, hours: float) -> list[OpenVerifications]:
    figures = await PgFigures(store.engine).read(NOW + hours * HOUR)
    return figures.open


async def test_an_empty_store_has_no_figures(store: Store) -> None:
    assert await PgFigures(store.engine).read(NOW) == StoreFigures([], [])


def open_of(
    app_id: str, count: int, *, near_loss: int = 0, held: int = 0, oldest_held: float = 0
) -> OpenVerifications:
    return OpenVerifications(app_id, "received", count, near_loss, held, oldest_held)


async def test_undecided_verifications_are_counted_by_app_and_state(store: Store) -> None:
    for n in (1, 2):
        await store.record(callback(payload(n)))
    await store.record(callback(payload(3), app_id="other"))
    await store.decide(await store.record(callback(payload(4))))
    assert sorted(await open_ones(store, hours=1), key=lambda each: each.app_id) == [
        open_of("demo", 2),
        open_of("other", 1),
    ]


async def test_two_hours_before_the_vendor_deletes_a_result_it_is_near_loss(store: Store) -> None:
    await store.record(callback(payload(1)))
    await store.record(callback(payload(2), received_at=NOW + HOUR))
    await store.record(callback(payload(3, status="PROCESSING")))
    for hours, near_loss in ((21.9, 0), (22.1, 1), (23.1, 2), (30, 2)):
        assert await open_ones(store, hours=hours) == [open_of("demo", 3, near_loss=near_loss)]


async def test_a_registered_one_without_a_callback_is_near_loss_too_and_a_held_one_is_not(
    store: Store,
) -> None:
    await store.record(callback(payload(1, status="PROCESSING")))
    await store.record(callback(payload(2)))
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE verifications SET registered_at = :now WHERE ended_at IS NULL"), {"now": NOW}
        )
        await connection.execute(text("UPDATE verifications SET held = true WHERE ended_at IS NOT NULL"))
    assert await open_ones(store, hours=22.1) == [
        open_of("demo", 2, near_loss=1, held=1, oldest_held=22.1 * 3600)
    ]


async def test_dead_letters_are_counted_by_app_and_reason(store: Store) -> None:
    for n, reason in enumerate(("bad_biz_id", "bad_biz_id", "missing_biz_id")):
        await store.dead_letters.keep(callback(payload(n)), reason=reason, detail="", now=NOW)
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE dead_letters SET retried_at = now() WHERE reason = 'missing_biz_id'")
        )
    figures = await PgFigures(store.engine).read(NOW)
    assert sorted(figures.letters, key=lambda each: each.reason) == [
        Letters("demo", "bad_biz_id", 2, retried=0),
        Letters("demo", "missing_biz_id", 0, retried=1),
    ]


async def test_letters_are_counted_up_to_a_number(store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text(MANY_LETTERS), {"count": MOST + 1})
    figures = await PgFigures(store.engine).read(NOW)
    assert figures.letters == [Letters("demo", "common", MOST, retried=0)]


MANY_LETTERS = """
INSERT INTO dead_letters (id, app_id, kind, reason, detail, wrapped_key, raw_ct, first_seen_at, last_seen_at)
SELECT gen_random_uuid(), 'demo', 'notify', 'common', '', '', '', now(), now()
FROM generate_series(1, CAST(:count AS integer))
"""


async def test_the_ends_of_the_event_log_are_known(store: Store) -> None:
    cases = [await store.record(callback(payload(n))) for n in (1, 2)]
    for n, case in enumerate(cases, start=1):
        await store.decide(case, tree=payload(n))
    [first], [last] = await store.rows("SELECT seq FROM events ORDER BY seq")
    figures = await PgFigures(store.engine).read(NOW + HOUR)
    assert figures.events == EventLog(first, last, 3600.0)


async def test_old_rows_of_the_audit_without_a_block_are_late(store: Store) -> None:
    row = AuditRow(action=Action.RECONCILED, actor="command:root")
    async with store.engine.begin() as connection:
        await append(connection, [row, row])
        await connection.execute(
            text("UPDATE audit SET at = now() - interval '2 hours' WHERE id = (SELECT min(id) FROM audit)")
        )
    assert (await PgFigures(store.engine).read(NOW)).audit_late == 1
