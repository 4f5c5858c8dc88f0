"""Lookups show stored verifications, masked, to their apps, page by page."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import place_of
from adapters.store.lookups.found_rows import FoundRow, find_rows
from domain.model import Identity, Outcome, verification_id
from domain.policy.facts.facts import Facts
from domain.pulls.budget import PullState
from domain.views.verifications import Filters, VerificationRecord
from tests.support.payloads.callbacks import default_policy, drop, passing_facts
from tests.support.storage.stored import biz_id as stored_biz_id
from tests.support.storage.stored import decision_record, save_all
from tests.support.storage.stores import NOW, Store, biz_id, callback, finished, payload

ALL = Filters(app_ids=["demo"])


def ids(records: list[VerificationRecord]) -> list[str]:
    return [record.biz_id for record in records]


async def created_at(store: Store, n: int) -> datetime:
    record = await store.find(n)
    assert record is not None
    return record.created_at


async def test_an_unknown_verification_is_not_found(store: Store) -> None:
    assert await store.lookups.find(["demo"], biz_id()) == []
    assert await store.lookups.find([], biz_id()) == []


async def test_lookups_at_once_share_a_statement_and_each_gets_its_own(store: Store) -> None:
    for n in (1, 2, 3):
        await store.record(callback(payload(n)))
    await store.record(callback(payload(2), app_id="other"))
    used: list[object] = []
    event.listen(store.engine.sync_engine, "checkout", lambda *given: used.append(given))
    wanted = [(["demo"], 1), (["other", "demo"], 2), (["demo"], 9), (["demo"], 3), (["demo"], 1), ([], 1)]
    found = await asyncio.gather(*(store.lookups.find(apps, biz_id(n)) for apps, n in wanted))
    assert [[(each.app_id, each.biz_id) for each in records] for records in found] == [
        [("demo", biz_id(1))],
        [("other", biz_id(2)), ("demo", biz_id(2))],
        [],
        [("demo", biz_id(3))],
        [("demo", biz_id(1))],
        [],
    ]
    assert len(used) == 1


async def test_a_connection_that_hangs_holds_up_its_own_lookups_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, goes_on = asyncio.Event(), asyncio.Event()

    async def hanging(engine: AsyncEngine, searches: list[tuple[UUID, ...]]) -> list[list[FoundRow]]:
        if not hangs.is_set():
            hangs.set()
            await goes_on.wait()
        return await find_rows(engine, searches)

    monkeypatch.setattr("adapters.store.lookups.lookups.find_rows", hanging)
    await store.record(callback(payload(1)))
    first = asyncio.create_task(store.find(9))
    await hangs.wait()
    assert await store.find(1) is not None
    goes_on.set()
    assert await first is None


async def test_a_decided_verification_shows_its_evidence(store: Store) -> None:
    recorded = await store.record()
    await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1))
    await store.decide(recorded)
    record = await store.find()
    assert record is not None
    assert (record.id, record.app_id, record.biz_id) == (recorded.verification_id, "demo", biz_id())
    assert record.facts is not None
    assert record.facts["comparisons"]["result_faceid"]["level"] == "1e-6"
    assert (record.pulls_used, record.pulls_until) == (1, NOW + timedelta(days=1))


@pytest.mark.parametrize("result", [passing_facts(), Facts()])
async def test_a_verification_without_a_callback_shows_the_result(store: Store, result: Facts) -> None:
    await save_all(store.engine, [decision_record(1, default_policy(), result=result, heard=False)])
    [record] = await store.lookups.find(["demo"], stored_biz_id(1))
    assert record.facts == msgspec.to_builtins(result)
    assert record.basis == "result"


async def test_only_the_masked_identity_leaves(store: Store) -> None:
    await store.decide(await store.record())
    record = await store.find()
    assert record is not None
    assert record.identity == Identity("欧****", "1****************X")


async def test_without_a_card_there_is_no_identity(store: Store) -> None:
    tree = drop(payload(), "idcard_info")
    await store.decide(await store.record(callback(tree)), tree=tree)
    record = await store.find()
    assert record is not None
    assert record.identity is None


@pytest.mark.parametrize(
    ("states", "used"),
    [
        ([], 0),
        ([PullState.NOT_SENT], 0),
        ([PullState.UNKNOWN], 1),
        ([PullState.DONE, PullState.RESERVED], 2),
        ([PullState.DONE, PullState.UNKNOWN, PullState.DONE], 3),
    ],
)
async def test_every_call_that_may_have_been_sent_counts(
    store: Store, states: list[PullState], used: int
) -> None:
    recorded = await store.record()
    for n, state in enumerate(states, 1):
        await store.reserve(recorded, n)
        if state is not PullState.RESERVED:
            await store.ledger.finish(finished(recorded, n, state=state, http_status=None))
    record = await store.find()
    assert record is not None
    assert record.pulls_used == used


async def test_the_same_biz_id_is_found_for_the_apps_that_are_asked_for(store: Store) -> None:
    for app_id in ("demo", "other", "third"):
        await store.record(callback(app_id=app_id))
    found = await store.lookups.find(["demo", "other"], biz_id())
    assert sorted(record.app_id for record in found) == ["demo", "other"]


async def test_the_timeline_is_in_order_and_has_only_its_verification(store: Store) -> None:
    recorded = await store.record()
    await store.record(callback(payload(2)))
    await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1))
    await store.decide(recorded)
    await store.record(callback(payload(biz_no="another")))
    assert await store.events(recorded.verification_id) == [
        "callback.received",
        "pull.finished",
        "decision.saved",
        "callback.conflict",
        "review.opened",
    ]
    assert await store.events(verification_id("demo", biz_id(7))) == []


async def test_the_list_is_newest_first_and_stable_while_new_ones_come(store: Store) -> None:
    for n in range(5):
        await store.record(callback(payload(n)))
    first = await store.lookups.page(ALL, limit=2)
    await store.record(callback(payload(9)))
    after = (first[-1].created_at, first[-1].id)
    rest = await store.lookups.page(ALL, limit=10, after=after)
    assert ids(first + rest) == [biz_id(n) for n in (4, 3, 2, 1, 0)]


async def test_verifications_of_one_moment_are_all_listed(store: Store) -> None:
    # One group is one transaction: all of them have the same created_at.
    await asyncio.gather(*(store.record(callback(payload(n))) for n in range(7)))
    seen: list[str] = []
    after = None
    while page := await store.lookups.page(ALL, limit=3, after=after):
        seen += ids(page)
        after = (page[-1].created_at, page[-1].id)
    assert sorted(seen) == sorted(biz_id(n) for n in range(7))


async def test_another_apps_verifications_are_not_listed(store: Store) -> None:
    await store.record()
    assert await store.lookups.page(Filters(app_ids=["other"]), limit=5) == []
    assert await store.lookups.page(Filters(app_ids=[]), limit=5) == []


async def test_each_filter_narrows_the_list(store: Store) -> None:
    for n, outcome in ((1, Outcome.APPROVED), (2, Outcome.REJECTED)):
        await store.decide(await store.record(callback(payload(n, biz_no=f"order-{n}"))), outcome=outcome)
    await store.record(callback(payload(3, biz_no="order-1")))
    second, third = await created_at(store, 2), await created_at(store, 3)
    rows: list[tuple[Filters, list[int]]] = [
        (Filters(app_ids=["demo"], biz_no="order-1"), [3, 1]),
        (Filters(app_ids=["demo"], outcome="rejected"), [2]),
        (Filters(app_ids=["demo"], outcome="review"), []),
        (Filters(app_ids=["demo"], state="decided"), [2, 1]),
        (Filters(app_ids=["demo"], state="received"), [3]),
        (Filters(app_ids=["demo"], since=second), [3, 2]),
        (Filters(app_ids=["demo"], until=second), [1]),
        (Filters(app_ids=["demo"], since=second, until=third), [2]),
        (Filters(app_ids=["demo"], biz_no="order-1", state="decided"), [1]),
        (Filters(app_ids=["demo"], mode="required"), [2, 1]),
        (Filters(app_ids=["demo"], mode="required", outcome="rejected"), [2]),
        (Filters(app_ids=["demo"], mode="required", state="received"), []),
        (Filters(app_ids=["demo"], mode="off"), []),
    ]
    for filters, expected in rows:
        assert ids(await store.lookups.page(filters, limit=9)) == [biz_id(n) for n in expected], filters


async def test_an_identity_that_a_newer_version_packed_costs_no_lookup(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    place = place_of("demo", "verifications.identity_ct", recorded.verification_id)
    sealed = recorded.lease.key.seal(msgspec.msgpack.encode(["v2"]), place=place)
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET identity_ct = :sealed"), {"sealed": sealed})
    record = await store.find()
    assert record is not None
    assert (record.outcome, record.identity) == ("approved", None)


async def test_the_newest_review_case_is_shown_with_its_state(store: Store) -> None:
    await store.decide(await store.record(), outcome=Outcome.REVIEW)
    await store.decide(await store.record(callback(payload(2))), outcome=Outcome.REJECTED)
    other = await store.find(2)
    assert other is not None
    assert other.review is None

    async def state() -> str | None:
        record = await store.find()
        return record.review.state if record and record.review else None

    assert await state() == "open"
    await change_cases(store, "claimed_by = gen_random_uuid(), lease_until = now() + interval '1 hour'")
    assert await state() == "claimed"
    await change_cases(store, "lease_until = now() - interval '1 hour'")
    assert await state() == "open"
    await change_cases(store, "state = 'closed', closed_at = now(), opened_at = opened_at - interval '1 day'")
    assert await state() == "closed"
    async with store.engine.begin() as connection:
        await connection.execute(text(ANOTHER_CASE))
    assert await state() == "proposed"


async def change_cases(store: Store, change: str) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text(f"UPDATE review_cases SET {change}"))


ANOTHER_CASE = """
INSERT INTO review_cases (verification_id, app_id, opened_because, policy_hash, four_eyes, opened_at, due_at,
                          priority, state)
SELECT verification_id, app_id, 'appeal', policy_hash, four_eyes, now(), now(), 2, 'proposed'
FROM review_cases
"""
