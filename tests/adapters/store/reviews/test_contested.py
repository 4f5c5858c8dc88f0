"""All eight reviewers at one case in the same instant: each step is done by one of them, once.

`FACEID_REVIEW_RACES=10000 pytest tests/adapters/store/reviews/test_contested.py` contests 333 cases.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from adapters.store.statements.bulk import bulk_connection
from domain.reviews.case import CaseState, ReviewCase
from domain.reviews.errors import ReviewRefused
from domain.reviews.history import replay
from tests.support.storage.reviews import APPROVAL, CHEN, WANG, Reviews, person
from usecases.reviews.by import By

CONTESTED = max(3, int(os.environ.get("FACEID_REVIEW_RACES", "300")) // 30)
REVIEWERS = [person(n) for n in range(1, 9)]
CLAIM = """
UPDATE review_cases SET claimed_by = $2, claimed_name = 'person:p1', lease_until = $3
WHERE id = ANY(CAST($1 AS uuid[]))
"""
Act = Callable[[By], Awaitable[ReviewCase]]


async def at_once(act: Act) -> tuple[list[tuple[By, ReviewCase]], list[str]]:
    """Let all act at once: who succeeded, with the case, and the codes of the refusals."""

    async def one(by: By) -> ReviewCase | str:
        try:
            return await act(by)
        except ReviewRefused as error:
            return error.code

    ends = await asyncio.gather(*(one(by) for by in REVIEWERS))
    done = [(by, end) for by, end in zip(REVIEWERS, ends, strict=True) if isinstance(end, ReviewCase)]
    return done, [end for end in ends if isinstance(end, str)]


async def test_all_reviewers_at_one_case(reviews: Reviews) -> None:
    for n in range(1, CONTESTED + 1):
        await contest(reviews, await reviews.case(n))
    [counted] = await reviews.rows("SELECT count(*), count(DISTINCT case_id) AS cases FROM reviews")
    assert counted == {"count": CONTESTED, "cases": CONTESTED}
    [alone] = await reviews.rows("SELECT count(*) FROM reviews WHERE approved_by = proposed_by")
    assert alone["count"] == 0


async def contest(reviews: Reviews, case_id: UUID) -> None:
    """Claim, take over, propose, claim again and approve one case, each all at once."""
    shown = await reviews.hash_of(case_id)
    fences = await claimed_by_one(reviews, case_id)
    taken, refused = await at_once(lambda by: reviews.desk.take_over(case_id, by))
    assert (len(taken), refused) == (len(REVIEWERS), [])
    assert sorted(case.fence for _, case in taken) == list(range(fences + 1, fences + 9))
    of_person = {by.actor.name: case.fence for by, case in taken}

    def propose(by: By) -> Coroutine[Any, Any, ReviewCase]:
        fence = of_person[by.actor.name]
        return reviews.desk.propose(case_id, by, APPROVAL, evidence_hash=shown, fence=fence)

    proposed, refused = await at_once(propose)
    assert [by.actor.name for by, _ in proposed] == [max(of_person, key=lambda name: of_person[name])]
    assert set(refused) <= {"lease_lost"}
    await claimed_by_one(reviews, case_id)
    shown = await reviews.hash_of(case_id)
    approved, refused = await at_once(lambda by: reviews.desk.approve(case_id, by, evidence_hash=shown))
    [(approver, _)] = approved
    assert approver.actor != proposed[0][0].actor
    assert len(refused) == len(REVIEWERS) - 1
    await check_history(reviews, case_id)


async def claimed_by_one(reviews: Reviews, case_id: UUID) -> int:
    """Let all claim the case: one gets it. The fence of the claim."""
    [(_, case)], refused = await at_once(lambda by: reviews.desk.claim(case_id, by))
    assert set(refused) <= {"claimed_by_another", "same_person"}
    assert len(refused) == len(REVIEWERS) - 1
    return case.fence


async def check_history(reviews: Reviews, case_id: UUID) -> None:
    view = await reviews.desk.find(case_id, WANG)
    case = view.listed.case
    assert case.state is CaseState.CLOSED
    again = replay(case, [each.event for each in view.events])
    assert replace(again, claim=None) == replace(case, claim=None)


@pytest.mark.parametrize("leave", [1, 0])
async def test_the_next_case_is_waited_for_while_others_hold_all(reviews: Reviews, leave: int) -> None:
    cases = [await reviews.case(n) for n in (1, 2)]
    async with bulk_connection(reviews.store.engine, as_one=True) as other:
        await other.execute("SELECT id FROM review_cases FOR NO KEY UPDATE")
        asking = asyncio.create_task(reviews.desk.next(CHEN))
        await has_to_wait(reviews, asking)
        await other.execute(CLAIM, cases[leave:], UUID(int=1), reviews.clock.now + timedelta(minutes=10))
    got = await asking
    assert (None if got is None else got.id) == (cases[0] if leave else None)


async def has_to_wait(reviews: Reviews, task: "asyncio.Task[Any]") -> None:
    """Return when a statement waits for a lock, or when the task has ended without."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with reviews.store.engine.connect() as connection:
        while not task.done() and not await connection.scalar(waiting):
            await asyncio.sleep(0)
