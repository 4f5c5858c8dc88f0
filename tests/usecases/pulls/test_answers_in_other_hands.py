"""A worker holds an answer while PostgreSQL is away: no other one concludes anything before it is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.postgres.sqlstate import DatabaseAway
from domain.model import ConfirmationMode
from domain.pulls.budget import LEDGER_CATCHES_UP
from domain.pulls.reconciliation import RECONCILE_RULES
from tests.support.storage.stores import LEASE, NOW, payload
from tests.support.workers.jobs import TIMED_OUT, Jobs, answered, app, later
from tests.usecases.pulls.test_kept_answers import hiccuping
from tests.usecases.verifications.test_pull_after_decision import ASK
from usecases.context import WorkerContext
from usecases.process.vendor_gates import VendorGates
from usecases.verifications.advance import advance

Work = Callable[[WorkerContext], Awaitable[None]]


async def another_comes_first(jobs: Jobs, work: Work) -> WorkerContext:
    """Do `work` in a worker that gets its answer while PostgreSQL is away for two leases. When it is back,
    another worker looks before the answer is on the ledger. The context of the other one."""
    since = jobs.clock.now
    other = replace(
        jobs.context,
        unkept=set(),
        gates=VendorGates(in_flight=64, monotonic=jobs.clock.monotonic),
        database_since=lambda: since,
    )

    async def is_back(_seconds: float) -> None:
        nonlocal since
        jobs.clock.go_on(2 * LEASE)
        since = jobs.clock.now - timedelta(seconds=1)
        before = len(jobs.vendor.asked)
        await jobs.advance_due(other)
        assert len(jobs.vendor.asked) == before

    context, _ = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=1)
    await work(replace(context, sleep=is_back))
    return other


async def soon(jobs: Jobs, other: WorkerContext) -> None:
    """The other worker looks once the answer has had its time."""
    jobs.clock.go_on(LEDGER_CATCHES_UP)
    await jobs.advance_due(other)


async def test_no_second_call_is_spent(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    other = await another_comes_first(jobs, lambda context: advance(context, case))
    await soon(jobs, other)
    assert await jobs.ledger() == [(1, "done", None)]
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_nothing_is_decided_without_the_answer_to_the_last_call(jobs: Jobs) -> None:
    jobs.configure(app(confirmation=ConfirmationMode.PREFERRED))
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await advance(jobs.context, await jobs.case())

    async def second_call(context: WorkerContext) -> None:
        jobs.clock.go_on(LEASE * 3)
        await jobs.advance_due(context)

    other = await another_comes_first(jobs, second_call)
    await soon(jobs, other)
    record = await jobs.store.find()
    assert record is not None
    assert (record.basis, len(jobs.vendor.asked)) == ("confirmed", 2)


async def test_no_registered_verification_expires(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register()
    jobs.vendor.answers = [TIMED_OUT, TIMED_OUT, answered(payload())]
    for after in (timedelta(hours=2), timedelta(hours=3)):
        jobs.clock.now = NOW + after
        await jobs.advance_due()

    async def last_look(context: WorkerContext) -> None:
        jobs.clock.now = NOW + RECONCILE_RULES.last_look
        await jobs.advance_due(context)

    other = await another_comes_first(jobs, last_look)
    assert (await jobs.outcome())[0] == "created"
    await soon(jobs, other)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_no_pull_that_was_asked_for_is_called_unanswered(jobs: Jobs) -> None:
    jobs.configure(app(confirmation=ConfirmationMode.OFF))
    case = await jobs.case()
    await advance(jobs.context, case)
    jobs.vendor.answers = [answered(payload())]

    async def asked_look(context: WorkerContext) -> None:
        async with jobs.store.engine.begin() as connection:
            await connection.execute(ASK, {"now": jobs.clock.now})
        await jobs.advance_due(context)

    other = await another_comes_first(jobs, asked_look)
    await soon(jobs, other)
    assert (await jobs.store.events(case.verification_id))[-1] == "result.obtained"


@pytest.mark.parametrize("known", [True, False], ids=["always there", "just back"])
async def test_a_worker_that_died_is_waited_for_no_longer(jobs: Jobs, known: bool) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.lease, 1, now=jobs.clock.now)
    back = jobs.clock.now + 2 * LEASE
    other = jobs.context if known else replace(jobs.context, database_since=lambda: back)
    jobs.clock.now = back
    await jobs.advance_due(other)
    assert (await jobs.outcome())[0] == ("decided" if known else "received")
    if not known:
        await later(jobs)
    assert await jobs.ledger() == [(1, "unknown", None), (2, "done", None)]
