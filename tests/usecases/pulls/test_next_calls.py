"""What follows a call that brought no result: when the next one is made, and which is the last."""

from datetime import timedelta

import pytest

from domain.model import ConfirmationMode
from domain.pulls.answer import Answer
from tests.support.storage.stores import NOW, payload
from tests.support.workers.jobs import NOT_SENT, TIMED_OUT, Jobs, answered, app, later, refused
from usecases.process.vendor_gates import REFUSED_RULES, RULES, Call
from usecases.verifications.advance import advance

DAY = timedelta(days=1)
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
    await advance(jobs.context, await jobs.case())
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
    await advance(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.due() == timedelta(minutes=1, hours=1)
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_where_a_result_is_not_required_the_third_call_is_kept(jobs: Jobs) -> None:
    jobs.configure(app(confirmation=ConfirmationMode.PREFERRED))
    jobs.vendor.answers = [TIMED_OUT]
    await advance(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 2


async def test_the_last_call_is_made_before_the_vendors_day_ends(jobs: Jobs) -> None:
    jobs.configure(app(delays=(timedelta(hours=20),)))
    jobs.vendor.answers = [TIMED_OUT, TIMED_OUT, answered(payload())]
    await advance(jobs.context, await jobs.case())
    await later(jobs)
    await later(jobs)
    assert timedelta(hours=23) < jobs.clock.now - NOW < DAY
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_secret_that_is_wrong_for_hours_costs_few_calls_and_no_decision(jobs: Jobs) -> None:
    wrong = refused(403, "AUTHENTICATION_ERROR")
    jobs.configure(app(delays=(timedelta(minutes=1), timedelta(hours=1))))
    jobs.vendor.answers = [wrong]
    for n in range(1, 31):
        await advance(jobs.context, await jobs.case(payload(n)))
    assert len(jobs.vendor.asked) == REFUSED_RULES.threshold
    while jobs.clock.now < NOW + timedelta(hours=6):
        jobs.clock.go_on(timedelta(minutes=5))
        await jobs.advance_due()
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
    await advance(jobs.context, await jobs.case())
    await later(jobs)
    jobs.clock.go_on(timedelta(hours=1))
    await open_circuit(jobs)
    jobs.clock.go_on(RULES.first_pause)
    await jobs.advance_due()
    assert len(jobs.vendor.asked) == 2, "the circuit lets a probe through, but not this one"
    jobs.clock.go_on(timedelta(hours=1))
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_vendor_at_fault_all_day_is_asked_in_the_last_hour(jobs: Jobs) -> None:
    await open_circuit(jobs)
    case = await jobs.case()
    jobs.vendor.answers = [answered(payload())]
    await advance(jobs.context, case)
    assert jobs.vendor.asked == []
    # No other call comes, and the circuit's clock does not advance: it stays open.
    jobs.clock.now = NOW + timedelta(hours=23)
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_the_second_call_may_bring_the_result(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await advance(jobs.context, await jobs.case())
    await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "unknown", "TIMEOUT"), (2, "done", None)]


async def test_a_call_that_was_not_sent_costs_nothing_however_often(jobs: Jobs) -> None:
    jobs.vendor.answers = [NOT_SENT] * 5 + [answered(payload())]
    await advance(jobs.context, await jobs.case())
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
    await advance(jobs.context, await jobs.case())
    jobs.clock.now = NOW + timedelta(seconds=pause - 1)
    await jobs.advance_due()
    assert len(jobs.vendor.asked) == 1
    jobs.clock.now = NOW + timedelta(seconds=pause)
    await jobs.advance_due()
    assert len(jobs.vendor.asked) == 2


async def test_without_delays_a_failed_call_is_not_made_again(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    jobs.vendor.answers = [TIMED_OUT]
    await advance(jobs.context, await jobs.case())
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])


async def test_without_delays_a_call_that_was_not_sent_is_made_again_all_the_same(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    jobs.vendor.answers = [NOT_SENT, NOT_SENT, answered(payload())]
    await advance(jobs.context, await jobs.case())
    for _ in range(2):
        assert await jobs.outcome() == ("received", None, [])
        await later(jobs)
    assert await jobs.outcome() == ("decided", "approved", [])
