"""A pull on request after the decision is spent, noted, and changes no decision."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.model import ConfirmationMode
from domain.pulls.answer import Answer
from tests.support.payloads.callbacks import put
from tests.support.storage.stores import LEASE, NOW, payload
from tests.support.workers.jobs import TIMED_OUT, Jobs, answered, app, refused
from usecases.verifications.advance import advance

FAIL = put(payload(), "verify_result.result_faceid.confidence", 41.2)
ASK = text("UPDATE verifications SET asked_at = :now, due_at = :now")


async def decide_unconfirmed(jobs: Jobs) -> None:
    """A decision whose confirmation could not be had, with both of the worker's calls spent."""
    jobs.configure(app(confirmation=ConfirmationMode.PREFERRED))
    jobs.vendor.answers = [TIMED_OUT]
    await advance(jobs.context, await jobs.case())
    jobs.clock.go_on(timedelta(minutes=10))
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def ask(jobs: Jobs, answer: Answer) -> None:
    """What an operator does, and the sweep after it."""
    jobs.vendor.answers = [answer]
    jobs.clock.go_on(timedelta(minutes=10))
    async with jobs.store.engine.begin() as connection:
        await connection.execute(ASK, {"now": jobs.clock.now})
    await jobs.advance_due()


@pytest.mark.parametrize(
    ("answer", "event", "detail"),
    [
        (answered(payload()), "result.obtained", {"outcome": "approved", "agreement": "agree"}),
        (answered(FAIL), "result.obtained", {"outcome": "review", "agreement": "disagree"}),
        (refused(404, "RESULT_NOT_FOUND"), "result.unavailable", {"reason": "RESULT_NOT_FOUND"}),
    ],
    ids=["agrees", "disagrees", "lost"],
)
async def test_its_result_is_noted_and_the_decision_is_kept(
    jobs: Jobs, answer: Answer, event: str, detail: dict[str, str]
) -> None:
    await decide_unconfirmed(jobs)
    before = await jobs.store.rows("SELECT d::text FROM decisions d")
    await ask(jobs, answer)
    assert await jobs.store.rows("SELECT d::text FROM decisions d") == before
    noted = "SELECT event, detail FROM timeline WHERE event NOT LIKE 'review.%' ORDER BY id DESC LIMIT 1"
    [(last, said)] = await jobs.store.rows(noted)
    assert (last, said) == (event, detail)
    assert len(await jobs.ledger()) == 3
    assert await jobs.store.rows("SELECT due_at, asked_at FROM verifications") == [(None, None)]


async def test_a_fourth_call_is_never_made(jobs: Jobs) -> None:
    await decide_unconfirmed(jobs)
    await ask(jobs, answered(payload()))
    asked = len(jobs.vendor.asked)
    await ask(jobs, answered(payload()))
    assert len(jobs.vendor.asked) == asked
    [(detail,)] = await jobs.store.rows("SELECT detail FROM timeline ORDER BY id DESC LIMIT 1")
    assert detail == {"reason": "no call left"}


async def test_a_request_is_one_call_even_if_it_fails(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await advance(jobs.context, await jobs.case())
    await ask(jobs, TIMED_OUT)
    for _ in range(3):
        jobs.clock.go_on(timedelta(hours=1))
        await jobs.advance_due()
    assert [(n, state) for n, state, _ in await jobs.ledger()] == [(1, "done"), (2, "unknown")]
    [(detail,)] = await jobs.store.rows("SELECT detail FROM timeline ORDER BY id DESC LIMIT 1")
    assert detail == {"reason": "TIMEOUT"}


async def test_a_worker_that_dies_after_the_call_leaves_its_answer_to_the_next(jobs: Jobs) -> None:
    await decide_unconfirmed(jobs)
    jobs.die_at("after_raw_stored")
    await ask(jobs, answered(payload()))
    jobs.die_at(None)
    asked = len(jobs.vendor.asked)
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    assert len(jobs.vendor.asked) == asked
    [(event,)] = await jobs.store.rows("SELECT event FROM timeline ORDER BY id DESC LIMIT 1")
    assert event == "result.obtained"


async def test_before_the_decision_it_lets_the_worker_use_the_last_call(jobs: Jobs) -> None:
    jobs.configure(app(delays=(timedelta(hours=5),)))
    jobs.vendor.answers = [TIMED_OUT]
    await advance(jobs.context, await jobs.case())
    assert await jobs.due() == timedelta(hours=5)
    await ask(jobs, answered(payload()))
    assert await jobs.outcome() == ("decided", "approved", [])
    assert jobs.clock.now < NOW + timedelta(hours=1)
