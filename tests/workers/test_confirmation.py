"""A call is reserved, sent once, kept and then read; a crash or a cancellation anywhere wastes none."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from adapters.database import DatabaseAway
from domain.answer import Answer
from domain.budget import PULL_LIMIT, PullState
from domain.model import ConfirmationMode
from domain.ports import Ledger
from domain.records import Case, FinishedPull
from tests.adapters.builders import LEASE, NOW, finished, payload, until
from tests.domain.builders import dump
from tests.workers.conftest import NOT_SENT, TIMED_OUT, Jobs, answered, app, refused
from workers.confirmation import Confirmed, Postponed, confirm
from workers.context import WorkerContext
from workers.settlement import settle
from workers.vendor_gates import REFUSED_RULES, RULES, Call, VendorGates

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
    assert isinstance(await confirm(jobs.context, case, app()), Postponed)
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


FAULTS = [
    (TIMED_OUT, "unknown"),
    (refused(500, "HTTP_500"), "done"),
    (refused(429, "HTTP_429"), "done"),
    (refused(403, "HTTP_403"), "done"),
    (refused(200, "CONCURRENCY_LIMIT_EXCEEDED"), "done"),
    (refused(400, "RESULT_NOT_FOUND"), "done"),
]


@pytest.mark.parametrize(("fault", "state"), FAULTS, ids=str)
async def test_every_call_is_spent_before_a_decision_without_a_result(
    jobs: Jobs, fault: Answer, state: str
) -> None:
    jobs.vendor.answers = [fault]
    await settle(jobs.context, await jobs.case())
    for _ in range(2):
        assert await jobs.outcome() == ("received", None, [])
        await later(jobs)
    assert await jobs.ledger() == [(n, state, fault.error) for n in (1, 2, 3)]
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])
    assert len(jobs.vendor.asked) == 3
    record = await jobs.store.find()
    assert record is not None
    assert record.reasons[0]["detail"] == fault.error


@pytest.mark.parametrize(("fault", "state"), FAULTS, ids=str)
async def test_the_third_call_may_bring_the_result(jobs: Jobs, fault: Answer, state: str) -> None:
    jobs.configure(app(delays=(timedelta(seconds=60), timedelta(hours=1))))
    jobs.vendor.answers = [fault, fault, answered(payload())]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.due() == timedelta(minutes=1, hours=1)
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_where_a_result_is_not_required_the_third_call_is_kept(jobs: Jobs) -> None:
    jobs.configure(app(confirmation=ConfirmationMode.PREFERRED))
    jobs.vendor.answers = [TIMED_OUT]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 2


async def test_the_last_call_is_made_before_the_vendors_day_ends(jobs: Jobs) -> None:
    jobs.configure(app(delays=(timedelta(hours=20),)))
    jobs.vendor.answers = [TIMED_OUT, TIMED_OUT, answered(payload())]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    await later(jobs)
    assert timedelta(hours=23) < jobs.clock.now - NOW < DAY
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_secret_that_is_wrong_for_hours_costs_few_calls_and_no_decision(jobs: Jobs) -> None:
    wrong = refused(403, "AUTHENTICATION_ERROR")
    jobs.configure(app(delays=(timedelta(minutes=1), timedelta(hours=1))))
    jobs.vendor.answers = [wrong]
    for n in range(1, 31):
        await settle(jobs.context, await jobs.case(payload(n)))
    assert len(jobs.vendor.asked) == REFUSED_RULES.threshold
    while jobs.clock.now < NOW + timedelta(hours=6):
        jobs.clock.go_on(timedelta(minutes=5))
        await jobs.settle_due()
    assert len(jobs.vendor.asked) <= 45
    assert await jobs.store.rows("SELECT DISTINCT state FROM verifications") == [("received",)]
    [(most,)] = await jobs.store.rows(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM pulls GROUP BY verification_id) AS counted"
    )
    assert most <= 3


async def open_circuit(jobs: Jobs) -> None:
    """The vendor has failed too often in a row, with calls of others."""
    gates = jobs.context.gates
    while isinstance(call := await gates.enter("demo"), Call):
        gates.ended(call, TIMED_OUT)
        gates.leave(call)


async def test_the_last_call_is_not_spent_on_a_vendor_at_fault(jobs: Jobs) -> None:
    jobs.configure(app(delays=(timedelta(minutes=1), timedelta(hours=1))))
    jobs.vendor.answers = [TIMED_OUT, TIMED_OUT, answered(payload())]
    await settle(jobs.context, await jobs.case())
    await later(jobs)
    jobs.clock.go_on(timedelta(hours=1))
    await open_circuit(jobs)
    jobs.clock.go_on(RULES.first_pause)
    await jobs.settle_due()
    assert len(jobs.vendor.asked) == 2, "the circuit lets a probe through, but not this one"
    jobs.clock.go_on(timedelta(hours=1))
    await jobs.settle_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_vendor_at_fault_all_day_is_asked_in_the_last_hour(jobs: Jobs) -> None:
    await open_circuit(jobs)
    case = await jobs.case()
    jobs.vendor.answers = [answered(payload())]
    await settle(jobs.context, case)
    assert jobs.vendor.asked == []
    # Nobody else comes, and the clock of the circuit stands: it stays open.
    jobs.clock.now = NOW + timedelta(hours=23)
    await jobs.settle_due()
    assert await jobs.outcome() == ("decided", "approved", [])


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


async def test_without_delays_a_call_that_was_not_sent_is_made_again_all_the_same(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    jobs.vendor.answers = [NOT_SENT, NOT_SENT, answered(payload())]
    await settle(jobs.context, await jobs.case())
    for _ in range(2):
        assert await jobs.outcome() == ("received", None, [])
        await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_with_the_calls_spent_no_further_one_is_made(jobs: Jobs) -> None:
    case = await jobs.case()
    for n in range(1, PULL_LIMIT + 1):
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


class HiccupingLedger:
    """The ledger, but the first `failures` answers meet `error`."""

    def __init__(self, ledger: Ledger, error: Exception, *, failures: int) -> None:
        self._ledger = ledger
        self._error = error
        self.failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def finish(self, pull: FinishedPull) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise self._error
        await self._ledger.finish(pull)


def hiccuping(jobs: Jobs, error: Exception, *, failures: int) -> tuple[WorkerContext, list[float]]:
    """The context on such a ledger, and the pauses that it makes."""
    pauses: list[float] = []

    async def rest(seconds: float) -> None:
        pauses.append(seconds)

    ledger: Any = HiccupingLedger(jobs.store.ledger, error, failures=failures)
    return replace(jobs.context, ledger=ledger, sleep=rest), pauses


async def test_an_answer_outlives_an_outage_of_the_database(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    context, pauses = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=20)
    await settle(context, await jobs.case())
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "done", None)]
    assert len(jobs.vendor.asked) == 1
    assert (pauses[0], pauses[-1]) == (0.1, 2.0)


async def test_an_answer_that_the_ledger_refuses_is_decided_on_all_the_same(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    context, pauses = hiccuping(jobs, ValueError("a value that it does not take"), failures=99)
    await settle(context, await jobs.case())
    assert len(pauses) == 4, "a driver in disorder may do better once more"
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_while_an_answer_waits_for_the_ledger_no_second_call_is_made(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    context, _ = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=1)

    async def lease_ends(_seconds: float) -> None:
        jobs.clock.go_on(LEASE)
        assert isinstance(await confirm(jobs.context, again(case), app()), Postponed)

    await settle(replace(context, sleep=lease_ends), case)
    assert len(jobs.vendor.asked) == 1
    assert await jobs.ledger() == [(1, "done", None)]


async def test_an_answer_noted_twice_is_one_event(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.verification_id, 1, fence=case.fence, now=NOW)
    end = finished(await jobs.store.record(), 1)
    for _ in range(2):
        await jobs.store.ledger.finish(end)
    events = await jobs.store.events(case.verification_id)
    assert events.count("pull.finished") == 1


async def test_a_place_is_given_back_when_the_answer_came_not_when_it_is_kept(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload(1)), answered(payload(2))]
    context, _ = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=1)
    gates = VendorGates(in_flight=1, monotonic=jobs.clock.monotonic)
    asked = asyncio.Event()

    async def second_is_settled(_seconds: float) -> None:
        await settle(replace(jobs.context, gates=gates), await jobs.case(payload(2)))
        asked.set()

    await settle(replace(context, gates=gates, sleep=second_is_settled), await jobs.case(payload(1)))
    assert asked.is_set()
    assert await jobs.outcome(1) == ("decided", "approved", [])


async def test_a_worker_that_stops_leaves_the_call_to_another_at_once(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    jobs.context.gates.stop()
    await settle(jobs.context, await jobs.case())
    assert jobs.vendor.asked == []
    assert await jobs.ledger() == []
    assert await jobs.due() == timedelta(0)
    other = replace(jobs.context, gates=VendorGates(in_flight=1, monotonic=jobs.clock.monotonic))
    await jobs.settle_due(other)
    assert await jobs.outcome() == ("decided", "approved", [])
