"""Stored decisions come back as they were made, one by one and in chunks."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.decisions.stored_decisions import PgStoredDecisions
from domain.model import ConfirmationMode, Outcome, verification_id
from domain.policy.evidence import Evidence
from domain.policy.explanation import DecidedFacts, Recomputed, explain, is_same, recompute
from domain.views.decisions import Selection
from tests.support.payloads.callbacks import default_policy, policy_with
from tests.support.storage.stored import (
    START,
    add_verification,
    biz_id,
    confirmed,
    decision_record,
    random_facts,
    save_all,
)

CURIOUS = policy_with(
    id_card={"legality": "review", "quality": "review", "logic": "reject", "expired": "review"},
    liveness={"max_counts": {"NO_AUDIO": 3}},
    face={"comparisons": ["result_ref1", "result_faceid"], "need": "any"},
)
"""A policy whose every rule has something to say, in an order that the facts' keys decide."""


@pytest.fixture
def stored(engine: AsyncEngine) -> PgStoredDecisions:
    return PgStoredDecisions(engine)


async def read(stored: PgStoredDecisions, selection: Selection, *, size: int) -> list[list[DecidedFacts]]:
    return [list(chunk) async for chunk in stored.chunks(selection, size=size)]


async def numbers(stored: PgStoredDecisions, selection: Selection, *, size: int) -> list[list[int]]:
    """The biz_ids as numbers, chunk by chunk."""
    found = await read(stored, selection, size=size)
    return [[int(item.biz_id[-12:], 16) for item in chunk] for chunk in found]


async def test_a_thousand_decisions_are_recomputed_equal_in_every_part(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    chance = random.Random(20260307)
    items = []
    for n in range(1000):
        callback = random_facts(chance)
        result = chance.choice((None, callback, random_facts(chance)))
        heard = result is None or chance.random() < 0.8
        mode = chance.choice(tuple(ConfirmationMode))
        policy = chance.choice((default_policy(), CURIOUS))
        items.append(decision_record(n, policy, callback=callback, result=result, heard=heard, mode=mode))
    await save_all(engine, items)
    for item in items:
        decided = await stored.get(item.verification_id)
        assert decided is not None
        assert repr(decided.decision.evidence.callback) == repr(item.evidence.callback)
        assert repr(decided.decision.evidence.result) == repr(item.evidence.result)
        again = recompute(decided.decision, item.policy)
        assert is_same(decided.decision, again)
        assert repr(again) == repr(item.decision)
        assert explain(decided).recomputed == Recomputed(same=True, outcome=item.decision.outcome)


async def test_decisions_on_a_result_alone_are_read_in_chunks(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    facts = random_facts(random.Random(1))
    await save_all(engine, [decision_record(0, default_policy(), result=facts, heard=False)])
    [[item]] = await read(stored, Selection(["demo"]), size=9)
    assert item.evidence == Evidence(result=facts)


async def test_no_row_holds_a_decision_on_nothing(engine: AsyncEngine) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    with pytest.raises(IntegrityError, match="decisions_facts"):
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE decisions SET callback_facts = NULL, result_facts = NULL"))


async def test_an_undecided_verification_is_known_and_has_nothing_to_explain(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    await add_verification(engine, 1)
    assert await stored.known(["demo", "other"], biz_id(1)) == {"demo": verification_id("demo", biz_id(1))}
    assert await stored.known(["other"], biz_id(1)) == {}
    assert await stored.get(verification_id("demo", biz_id(1))) is None


async def test_a_policy_text_changed_in_the_database_is_detected(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE policies SET content = content || '# a word more'"))
    decided = await stored.get(verification_id("demo", biz_id(0)))
    assert decided is not None
    assert explain(decided).recomputed == Recomputed(same=False, outcome=Outcome.APPROVED)


async def test_a_decision_changed_in_the_database_is_detected(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE decisions SET outcome = 'rejected'"))
    decided = await stored.get(verification_id("demo", biz_id(0)))
    assert decided is not None
    assert explain(decided).recomputed == Recomputed(same=False, outcome=Outcome.APPROVED)


async def test_a_decision_from_before_policies_were_files_cannot_be_recomputed(
    engine: AsyncEngine, stored: PgStoredDecisions
) -> None:
    await save_all(engine, [confirmed(0, default_policy())])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE policies SET content = ''"))
    decided = await stored.get(verification_id("demo", biz_id(0)))
    assert decided is not None
    assert explain(decided).recomputed is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [[4], [3], [2], [1], [0]]),
        (2, [[4, 3], [2, 1], [0]]),
        (5, [[4, 3, 2, 1, 0]]),
        (6, [[4, 3, 2, 1, 0]]),
    ],
)
async def test_chunks_newest_first_without_gap_or_repetition(
    engine: AsyncEngine, stored: PgStoredDecisions, size: int, expected: list[list[int]]
) -> None:
    await save_all(engine, [confirmed(n, default_policy()) for n in range(5)])
    assert await numbers(stored, Selection(["demo"]), size=size) == expected


async def test_chunks_of_decisions_of_one_moment(engine: AsyncEngine, stored: PgStoredDecisions) -> None:
    await save_all(engine, [confirmed(n, default_policy()) for n in range(7)])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE decisions SET decided_at = now()"))
    found = await numbers(stored, Selection(["demo"]), size=2)
    assert [len(chunk) for chunk in found] == [2, 2, 2, 1]
    assert sorted(n for chunk in found for n in chunk) == list(range(7))


@pytest.mark.parametrize(
    ("limit", "expected"), [(1, [[4]]), (2, [[4, 3]]), (3, [[4, 3], [2]]), (9, [[4, 3], [2, 1], [0]])]
)
async def test_limit_takes_the_newest(
    engine: AsyncEngine, stored: PgStoredDecisions, limit: int, expected: list[list[int]]
) -> None:
    await save_all(engine, [confirmed(n, default_policy()) for n in range(5)])
    selection = Selection(["demo"], limit=limit)
    assert await numbers(stored, selection, size=2) == expected
    assert await stored.count(selection) == sum(map(len, expected))


async def test_since_is_included(engine: AsyncEngine, stored: PgStoredDecisions) -> None:
    await save_all(engine, [confirmed(n, default_policy()) for n in range(5)])
    selection = Selection(["demo"], since=START + timedelta(minutes=3))
    assert await numbers(stored, selection, size=9) == [[4, 3]]
    assert await stored.count(selection) == 2


async def test_other_apps_are_left_out(engine: AsyncEngine, stored: PgStoredDecisions) -> None:
    for app_id in ("demo", "other", "third"):
        await save_all(engine, [confirmed(0, default_policy(), app_id=app_id)], app_id=app_id)
    found = await read(stored, Selection(["other", "third"]), size=9)
    assert sorted(item.app_id for chunk in found for item in chunk) == ["other", "third"]
    assert await read(stored, Selection([]), size=9) == []
    assert await stored.app_ids() == ["demo", "other", "third"]


async def test_no_app_at_all(stored: PgStoredDecisions) -> None:
    assert await stored.app_ids() == []


async def test_new_decisions_do_not_shift_the_chunks(engine: AsyncEngine, stored: PgStoredDecisions) -> None:
    await save_all(engine, [confirmed(n, default_policy()) for n in range(4)])
    seen = []
    async for chunk in stored.chunks(Selection(["demo"]), size=2):
        seen += [int(item.biz_id[-12:], 16) for item in chunk]
        await save_all(engine, [confirmed(100 + len(seen), default_policy())])
    assert seen == [3, 2, 1, 0]
