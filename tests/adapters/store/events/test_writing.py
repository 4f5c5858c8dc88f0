"""What happens is in the log, written in the transaction of what it tells."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from adapters.postgres.sqlstate import StatementFailed
from adapters.store.decisions import decisions
from adapters.store.decisions.saving import save_statement
from adapters.store.events.reader import PgEvents
from adapters.store.schedule.leftovers import PgLeftovers
from domain.apps.registration import Registration
from domain.events.event import Event, EventType, PolicyMark
from domain.model import Basis, Outcome
from domain.views.events import EVERYTHING
from tests.support.payloads.callbacks import default_policy
from tests.support.storage.stores import LEASE, NOW, Store, biz_id, callback, payload

DAY = timedelta(days=1)


async def log_of(store: Store) -> list[Event]:
    """Every event."""
    return (await PgEvents(store.engine).page(EVERYTHING, after=0, limit=1000)).items


@pytest.mark.parametrize("outcome", Outcome)
async def test_a_decision_has_its_event(store: Store, outcome: Outcome) -> None:
    recorded = await store.record()
    assert await store.decide(recorded, outcome=outcome)
    [event] = await log_of(store)
    policy = default_policy()
    assert (event.type, event.n) == (f"verification.{outcome}", 1)
    assert (event.app_id, event.body.biz_id, event.body.biz_no) == ("demo", biz_id(), "order-1")
    assert (event.body.outcome, event.body.effective_outcome) == (outcome, outcome)
    assert event.body.basis in tuple(Basis)
    assert event.body.policy == PolicyMark(policy.name, policy.version, policy.content_hash)
    rows = await store.rows(
        "SELECT decided_at, ARRAY(SELECT r ->> 'code' FROM json_array_elements(reasons) AS r) FROM decisions"
    )
    assert rows == [(event.at, list(event.body.reasons))]


async def test_a_decision_that_is_not_the_first_has_none(store: Store) -> None:
    recorded = await store.record()
    saved = await asyncio.gather(*(store.decide(recorded) for _ in range(5)))
    assert sorted(saved) == [False] * 4 + [True]
    assert not await store.decide(recorded)
    assert len(await log_of(store)) == 1


async def test_a_group_of_decisions_has_an_event_each(store: Store) -> None:
    cases = [await store.record(callback(payload(n))) for n in range(1, 31)]
    await asyncio.gather(*(store.decide(case, tree=payload(n)) for n, case in enumerate(cases, start=1)))
    events = await log_of(store)
    assert {event.body.biz_id for event in events} == {biz_id(n) for n in range(1, 31)}
    assert [event.n for event in events] == [1] * 30


async def test_a_decision_whose_event_cannot_be_written_is_not_saved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement has both: neither stands without the other."""
    recorded = await store.record()
    sound = save_statement({Outcome.APPROVED}, numbered=True)
    broken = sound.replace("event, decided_at, body FROM turn", "NULL, decided_at, body FROM turn")
    assert broken != sound
    monkeypatch.setattr(decisions, "save_statement", lambda _outcomes, **_: broken)
    with pytest.raises((asyncpg.PostgresError, StatementFailed)):
        await store.decide(recorded)
    assert await log_of(store) == []
    [(state,)] = await store.rows("SELECT state FROM verifications")
    assert state == "received"


async def test_an_expiry_has_its_event(store: Store) -> None:
    await store.registrations.register(
        "demo", biz_id(), Registration("order-1", NOW, NOW + LEASE), by="token:orders"
    )
    claimed = await store.due.claim({"demo": 1}, now=NOW + DAY, lease=LEASE, silent=True)
    for _ in range(2):
        await store.due.expire(claimed.opened[0].lease)
    [event] = await log_of(store)
    assert (event.type, event.n, event.body.biz_id) == (EventType.EXPIRED, 1, biz_id())
    assert (event.body.outcome, event.body.policy) == (None, None)


async def test_a_conflict_has_its_event_once(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    for _ in range(2):
        await store.record(callback(payload() | {"status": "CANCELLED"}))
    decided, conflict = await log_of(store)
    assert (decided.n, conflict.n) == (1, 2)
    assert (conflict.type, conflict.body.detail) == (EventType.CONFLICT, {"kind": "notify"})
    assert conflict.body.outcome is Outcome.APPROVED


async def test_a_dead_letter_has_its_event_when_it_is_new(store: Store) -> None:
    for _ in range(2):
        letter_id = await store.dead_letters.keep(callback(), reason="missing_biz_id", detail="x", now=NOW)
    [event] = await log_of(store)
    assert (event.type, event.at, event.app_id, event.n) == (EventType.DEAD_LETTER_CREATED, NOW, "demo", None)
    expected = {"dead_letter_id": str(letter_id), "reason": "missing_biz_id", "kind": "notify"}
    assert event.body.detail == expected


async def test_decisions_of_an_older_version_get_their_events_once(store: Store) -> None:
    """But only those that it made since there are events."""
    for n in (1, 2, 3):
        await store.decide(await store.record(callback(payload(n))), tree=payload(n))
    async with store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM events"))
        await connection.execute(text("UPDATE verifications SET listed_as = NULL, events = 0"))
        await connection.execute(
            text(
                "UPDATE decisions SET decided_at = :early"
                " WHERE verification_id = (SELECT id FROM verifications WHERE biz_id = :old)"
            ),
            {"early": NOW - DAY, "old": biz_id(3)},
        )
        began = text("INSERT INTO event_log (one, began_at) VALUES (true, :at)")
        await connection.execute(began, {"at": NOW - LEASE})
    leftovers = PgLeftovers(store.engine)
    assert [await leftovers.list_decided(["demo"], limit=10) for _ in range(2)] == [3, 0]
    events = await log_of(store)
    assert {event.body.biz_id for event in events} == {biz_id(1), biz_id(2)}
    assert {(event.type, event.n) for event in events} == {(EventType.APPROVED, 1)}
