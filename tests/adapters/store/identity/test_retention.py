"""What is erased by age, what stays, and what happens to the epoch's key."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.identity.overdue import PgOverdue
from domain.identity.erasure import ErasureCause
from domain.identity.keys.epochs import period_of
from domain.identity.retention import EVERY_APP, Due, Kind, Retention, Retentions, SharedRetention
from domain.model import verification_id
from tests.support.storage.aging import Aging
from tests.support.storage.erasing import ACTOR
from tests.support.storage.stores import NOW, biz_id, callback, payload
from usecases.identity.retain import overdue_of

DAYS = Retention(raw_days=7, identity_days=90)
EPOCH = period_of("demo", NOW).id


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Aging:
    return Aging(engine, keys, {"demo": DAYS})


async def test_classes_go_at_their_times(store: Aging) -> None:
    await store.fill(1, 2)

    assert await store.later(6.9) == []
    assert await store.left() == (2, 2)
    assert await store.later(7.1) == [Due("demo", Kind.RAW, 2)]
    assert await store.left() == (0, 2)
    assert await store.later(8) == []
    assert await store.later(90.1) == [Due("demo", Kind.IDENTITY, 2)]
    assert await store.left() == (0, 0)
    found = await store.find(1)
    assert found is not None
    assert (found.outcome, found.erased_at) == ("approved", store.clock.now)
    query = "SELECT body #>> '{detail,because}' FROM events WHERE type = 'verification.erased'"
    assert await store.rows(query) == [(ErasureCause.RETENTION,)] * 2
    query = "SELECT actor, app_id, CAST(detail AS text) FROM audit WHERE action = 'identities.erased'"
    assert await store.rows(query) == [("gateway:retention", "demo", '{"count": 2}')]


async def test_the_epochs_key_is_destroyed_when_nothing_is_left(store: Aging) -> None:
    await store.fill(1)

    await store.later(90.1)
    assert store.kept.kept[EPOCH].wrapped is not None
    await store.later(98)

    assert store.kept.kept[EPOCH].destroyed_at == store.clock.now
    rows = await store.rows("SELECT actor, app_id, subject FROM audit WHERE action = 'epoch.destroyed'")
    assert rows == [("gateway:worker", "demo", str(EPOCH))]


async def test_a_hold_keeps_data_and_epoch_until_it_is_lifted(store: Aging) -> None:
    await store.fill(1, 2)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")

    await store.later(98)
    assert await store.left() == (1, 1)
    assert store.kept.kept[EPOCH].wrapped is not None

    await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="case closed")
    await store.later(98.1)

    assert await store.left() == (0, 0)
    assert store.kept.kept[EPOCH].destroyed_at is not None
    assert await store.rows("SELECT * FROM holds") == []


async def test_an_open_verification_keeps_its_data_and_epoch(store: Aging) -> None:
    await store.record(callback(payload(1)))
    await store.fill()

    await store.later(98)

    assert await store.left() == (1, 0)
    assert store.kept.kept[EPOCH].wrapped is not None


async def test_what_ended_without_a_decision_goes_too(store: Aging) -> None:
    await store.register(1)
    await store.fill()
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET state = 'expired', due_at = NULL"))

    assert await store.later(90.1) == [Due("demo", Kind.EXPIRED, 1)]

    assert await store.rows("SELECT wrapped_key FROM verifications") == [(None,)]


async def test_old_dead_letters_go(store: Aging) -> None:
    await store.dead_letters.keep(callback(payload(1)), reason="refused", detail="", now=NOW)

    assert await store.later(89) == []
    assert await store.later(91) == [Due("demo", Kind.LETTERS, 1)]
    assert await store.letters() == []


async def test_a_run_keeps_to_its_budget_and_the_next_goes_on(store: Aging) -> None:
    await store.fill(1, 2, 3)
    store.clock.now = NOW + timedelta(days=10)

    assert await store.run.run(budget=2) == [Due("demo", Kind.RAW, 2)]
    assert (await store.left())[0] == 1
    assert [each for each in await store.run.due() if each.count] == [Due("demo", Kind.RAW, 1)]
    assert await store.run.run(budget=2) == [Due("demo", Kind.RAW, 1)]


async def test_counts_come_first_and_change_nothing(store: Aging) -> None:
    await store.fill(1, 2)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")
    store.clock.now = NOW + timedelta(days=10)

    due = await store.run.due()
    assert [each.kind for each in due] == list(Retention.kinds())
    assert due[0] == Due("demo", Kind.RAW, 2, held=1)
    assert (await store.left())[0] == 2


async def test_what_is_overdue_by_a_day_is_counted(store: Aging) -> None:
    overdue = PgOverdue(store.engine)
    days: Retentions = {"demo": DAYS, "other": Retention(), EVERY_APP: SharedRetention()}
    for n in (7, 8):
        await store.dead_letters.keep(callback(payload(n)), reason="refused", detail="", now=NOW)
    await store.fill(1, 2, 3)
    async with store.engine.begin() as connection:
        await connection.execute(text(ONE_RETRIED))
        await connection.execute(text(ONE_EXPIRED), {"id": biz_id(3)})

    async def counted(age: float) -> dict[Kind, int]:
        store.clock.now = NOW + timedelta(days=age)
        found = await overdue_of(overdue, days, clock=store.clock)
        assert {each.app_id for each in found} <= {"demo"}
        return {each.kind: each.count for each in found}

    assert await counted(7.9) == {}
    assert await counted(8.1) == {Kind.RAW: 3}
    assert await counted(91.1) == {Kind.RAW: 3, Kind.IDENTITY: 3, Kind.EXPIRED: 1, Kind.LETTERS: 2}
    await store.run.run(budget=2)
    assert (await counted(91.1))[Kind.RAW] == 1


ONE_RETRIED = (
    "UPDATE dead_letters SET retried_at = now() WHERE id = (SELECT min(id::text)::uuid FROM dead_letters)"
)
ONE_EXPIRED = "UPDATE verifications SET state = 'expired', listed_as = NULL WHERE biz_id = :id"


async def test_an_erasure_on_request_is_not_done_again(store: Aging) -> None:
    await store.fill(1)
    receipt = await store.erase(1)

    await store.later(98)

    found = await store.find(1)
    assert found is not None
    assert found.erased_at == receipt.erased_at
    which = verification_id("demo", biz_id(1))
    assert (await store.events(which)).count("verification.erased") == 1
    assert await store.erase(1) == receipt


async def test_request_after_retention_gets_a_receipt(store: Aging) -> None:
    await store.fill(1)
    await store.later(98)

    receipt = await store.erase(1)

    assert set(receipt.places.values()) == {0}
    assert len(store.kept.erased) == 1
