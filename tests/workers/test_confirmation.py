"""A call is reserved, sent once, kept and then read; a crash or a cancellation anywhere wastes none."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain.answer import Answer
from domain.budget import PullState
from domain.model import ConfirmationMode
from domain.records import Case
from tests.adapters.builders import LEASE, NOW, finished, payload, until
from tests.domain.builders import dump
from tests.workers.conftest import NOT_SENT, TIMED_OUT, Jobs, answered, app, refused
from workers.confirmation import Confirmed, Postponed, Unconfirmed, confirm
from workers.settlement import settle

DAY = timedelta(days=1)


def again(case: Case) -> Case:
    """The case as another worker takes it up after a crash."""
    return msgspec.structs.replace(case, is_new=False)


async def later(jobs: Jobs) -> None:
    """Go on to when the verification is due, and take it up."""
    due = await jobs.due()
    assert due is not None
    jobs.clock.now = NOW + due
    await jobs.settle_due()


async def test_the_call_is_reserved_before_it_is_sent(jobs: Jobs) -> None:
    seen: list[object] = []

    async def look() -> None:
        seen.extend(await jobs.ledger())

    jobs.vendor.before = look
    jobs.vendor.answers = [answered(payload())]
    await settle(jobs.context, await jobs.case())
    assert seen == [(1, "reserved", None)]
    assert await jobs.ledger() == [(1, "done", None)]


async def test_the_answer_is_kept_before_it_is_read(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(b"not even JSON")]
    case = await jobs.case()
    assert isinstance(await confirm(jobs.context, case, app()), Unconfirmed)
    kept = await jobs.store.ledger.answer_of(case.verification_id, app_id="demo", data_key=case.data_key)
    assert kept == b"not even JSON"


async def test_after_a_crash_behind_the_answer_it_is_read_and_no_second_call_made(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.vendor.answers = [answered(payload())]
    assert isinstance(await confirm(jobs.context, case, app()), Confirmed)  # and here the worker dies
    await settle(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_after_a_crash_during_the_call_its_end_is_unknown_and_the_second_call_made(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.verification_id, 1, fence=case.fence, now=NOW)
    jobs.vendor.answers = [answered(payload())]
    await settle(jobs.context, again(case))
    assert jobs.vendor.asked == [], "it may still be under way"
    await later(jobs)
    assert await jobs.ledger() == [(1, "unknown", None), (2, "done", None)]
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_call_somebody_else_has_just_reserved_is_left_to_them(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.verification_id, 1, fence=case.fence, now=NOW)
    assert await confirm(jobs.context, case, app()) == Postponed(NOW + LEASE)
    assert jobs.vendor.asked == []


async def test_two_workers_at_once_make_one_call(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    called, gate = asyncio.Event(), asyncio.Event()

    async def answer_late() -> None:
        called.set()
        await gate.wait()

    jobs.vendor.before = answer_late
    first = asyncio.create_task(settle(jobs.context, case))
    await called.wait()
    await settle(jobs.context, again(case))
    gate.set()
    await first
    assert len(jobs.vendor.asked) == 1
    assert await jobs.outcome() == ("decided", "approved", [])


@pytest.mark.parametrize(
    ("first", "ledger"),
    [
        (TIMED_OUT, (1, "unknown", "TIMEOUT")),
        (refused(500, "HTTP_500", retry=True), (1, "done", "HTTP_500")),
    ],
    ids=["timed out", "500"],
)
async def test_a_failed_call_is_made_once_more_and_then_no_more(
    jobs: Jobs, first: Answer, ledger: tuple[int, str, str]
) -> None:
    jobs.vendor.answers = [first]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    n, state, error = ledger
    assert await jobs.ledger() == [ledger, (n + 1, state, error)]
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])
    assert len(jobs.vendor.asked) == 2, "the third call is kept for the reconciler or an operator"
    record = await jobs.store.find()
    assert record is not None
    assert record.reasons[0]["detail"] == error


async def test_the_second_call_may_bring_the_result(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "unknown", "TIMEOUT"), (2, "done", None)]


async def test_a_call_that_was_not_sent_costs_nothing_however_often(jobs: Jobs) -> None:
    jobs.vendor.answers = [NOT_SENT] * 5 + [answered(payload())]
    await settle(jobs.context, await jobs.case())
    for _ in range(5):
        assert await jobs.ledger() == [(1, "not_sent", "CONNECT_FAILED")]
        await later(jobs)
    assert await jobs.ledger() == [(1, "done", None)]
    assert await jobs.outcome() == ("decided", "approved", [])


@pytest.mark.parametrize(
    ("delays", "pause"),
    [((5, 7), 60), ((120, 7), 120), ((61,), 61)],
    ids=["never closer than the spacing", "the first delay", "the only delay"],
)
async def test_the_pause_before_the_second_call(jobs: Jobs, delays: tuple[int, ...], pause: int) -> None:
    jobs.configure(app(delays=tuple(timedelta(seconds=delay) for delay in delays)))
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await settle(jobs.context, await jobs.case())
    jobs.clock.now = NOW + timedelta(seconds=pause - 1)
    await jobs.settle_due()
    assert len(jobs.vendor.asked) == 1
    jobs.clock.now = NOW + timedelta(seconds=pause)
    await jobs.settle_due()
    assert len(jobs.vendor.asked) == 2


async def test_without_delays_a_failed_call_is_not_made_again(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    jobs.vendor.answers = [TIMED_OUT]
    await settle(jobs.context, await jobs.case())
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])


@pytest.mark.parametrize("spent", [2, 3])
async def test_with_the_calls_spent_no_further_one_is_made(jobs: Jobs, spent: int) -> None:
    case = await jobs.case()
    for n in range(1, spent + 1):
        await jobs.store.ledger.reserve(case.verification_id, n, fence=case.fence, now=NOW)
        lost = finished(await jobs.store.record(), n, state=PullState.UNKNOWN, http_status=None)
        await jobs.store.ledger.finish(lost)
    jobs.clock.go_on(timedelta(hours=1))
    await settle(jobs.context, again(case))
    assert jobs.vendor.asked == []
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])


async def test_once_the_vendor_keeps_it_no_longer_nobody_asks(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.clock.go_on(DAY)
    await settle(jobs.context, again(case))
    assert jobs.vendor.asked == []
    assert await jobs.outcome() == ("decided", "review", ["result.expired"])


async def test_just_before_it_is_still_asked_for(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.clock.go_on(DAY - timedelta(seconds=1))
    jobs.vendor.answers = [answered(payload())]
    await settle(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])


@pytest.mark.parametrize("mode", [ConfirmationMode.REQUIRED, ConfirmationMode.PREFERRED])
async def test_a_cancelled_job_still_puts_the_answer_on_the_ledger(
    jobs: Jobs, mode: ConfirmationMode
) -> None:
    jobs.configure(app(confirmation=mode))
    called, gate = asyncio.Event(), asyncio.Event()

    async def answer_late() -> None:
        called.set()
        await gate.wait()

    jobs.vendor.before = answer_late
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    job = asyncio.create_task(settle(jobs.context, case))
    await called.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    gate.set()

    async def answered_late() -> bool:
        return await jobs.ledger() == [(1, "done", None)]

    await until(answered_late)
    kept = await jobs.store.ledger.answer_of(case.verification_id, app_id="demo", data_key=case.data_key)
    assert kept == dump(payload())
    jobs.vendor.before = None
    await settle(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_a_job_cancelled_while_it_reserves_still_makes_the_call(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.configure(app())
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    reserve, asked = jobs.store.ledger.reserve, asyncio.Event()

    async def reserve_slowly(*args: Any, **more: Any) -> bool:
        asked.set()
        return await reserve(*args, **more)

    monkeypatch.setattr(jobs.context.ledger, "reserve", reserve_slowly)
    job = asyncio.create_task(settle(jobs.context, case))
    await asked.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    async def answered_all_the_same() -> bool:
        return await jobs.ledger() == [(1, "done", None)]

    await until(answered_all_the_same)
    await settle(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1
