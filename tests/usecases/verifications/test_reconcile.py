"""A registered verification whose callback does not come is asked for, decided on its result, or let go."""

from datetime import timedelta

import pytest

from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from domain.pulls.reconciliation import RECONCILE_RULES
from tests.support.payloads.callbacks import put
from tests.support.storage.stores import LEASE, NOW, Json, callback, payload
from tests.support.workers.jobs import NOT_SENT, TIMED_OUT, Jobs, answered, app, refused

TOKEN = timedelta(minutes=50)
FIRST = TOKEN + timedelta(minutes=15)
LOST = refused(404, "RESULT_NOT_FOUND")
WRONG_SECRET = refused(403, "AUTHENTICATION_ERROR")
UNREADABLE = refused(200, "UNREADABLE_ANSWER")
FAIL = put(payload(), "verify_result.result_faceid.confidence", 41.2)
CANCELLED: Json = {"status": "CANCELLED", "biz_info": payload()["biz_info"]}
GOES_ON: Json = {"status": "PROCESSING", "biz_info": payload()["biz_info"]}


async def look(jobs: Jobs, after: timedelta) -> None:
    """What the sweep does so long after the registration."""
    jobs.clock.now = NOW + after
    await jobs.advance_due()


@pytest.mark.parametrize(
    ("answer", "outcome", "reasons"),
    [
        (answered(payload()), "approved", []),
        (answered(FAIL), "rejected", ["face.below_threshold"]),
        (answered(CANCELLED), "incomplete", ["flow.cancelled"]),
        (answered(payload(biz_no="order-2")), "review", ["registration.biz_no_mismatch"]),
        (answered(payload() | {"status": "NEW"}), "review", ["flow.unknown_status"]),
    ],
    ids=["passed", "failed", "cancelled", "another order", "unknown status"],
)
async def test_without_a_callback_the_result_alone_decides(
    jobs: Jobs, answer: Answer, outcome: str, reasons: list[str]
) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answer]
    await look(jobs, FIRST - timedelta(seconds=1))
    assert jobs.vendor.asked == []
    await look(jobs, FIRST)
    assert await jobs.outcome() == ("decided", outcome, reasons)
    record = await jobs.store.find()
    assert record is not None
    assert record.basis == "result"
    assert await jobs.ledger() == [(1, "done", None)]


@pytest.mark.parametrize("first", [LOST, answered(GOES_ON)])
async def test_a_verification_without_a_result_is_pulled_once_more_and_expires(
    jobs: Jobs, first: Answer
) -> None:
    jobs.configure(app(delays=()))
    verification_id = await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [first]
    await look(jobs, FIRST)
    for hours in range(2, 20):
        await look(jobs, timedelta(hours=hours))
    assert len(jobs.vendor.asked) == 1
    assert await jobs.outcome() == ("created", None, [])
    await look(jobs, RECONCILE_RULES.last_look)
    assert len(jobs.vendor.asked) == 2
    assert await jobs.outcome() == ("expired", None, [])
    assert (await jobs.store.events(verification_id))[-1] == "verification.expired"
    assert await jobs.due() is None


@pytest.mark.parametrize("fault", [TIMED_OUT, UNREADABLE, WRONG_SECRET])
async def test_a_look_without_an_answer_is_repeated(jobs: Jobs, fault: Answer) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [fault, answered(payload())]
    await look(jobs, FIRST)
    assert await jobs.outcome() == ("created", None, [])
    await look(jobs, FIRST + timedelta(minutes=2))
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_the_third_call_is_kept_for_the_last_look(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [WRONG_SECRET, WRONG_SECRET, answered(payload())]
    for minutes in range(0, 600, 10):
        await look(jobs, FIRST + timedelta(minutes=minutes))
    assert len(jobs.vendor.asked) == 2
    await look(jobs, RECONCILE_RULES.last_look)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_the_last_look_is_made_again_while_the_vendor_keeps_the_result(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST, WRONG_SECRET, answered(payload())]
    await look(jobs, FIRST)
    await look(jobs, RECONCILE_RULES.last_look)
    assert await jobs.outcome() == ("created", None, [])
    await look(jobs, RECONCILE_RULES.last_look + timedelta(hours=1))
    assert await jobs.outcome() == ("decided", "approved", [])


@pytest.mark.parametrize("after", [FIRST, RECONCILE_RULES.last_look], ids=["first", "last"])
async def test_one_connection_that_was_not_made_expires_nothing(jobs: Jobs, after: timedelta) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [NOT_SENT, answered(payload())]
    await look(jobs, after)
    assert await jobs.outcome() == ("created", None, [])
    await look(jobs, after + timedelta(minutes=2))
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_return_hint_that_meets_no_connection_expires_nothing(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    registered = await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [NOT_SENT, answered(payload())]
    jobs.clock.now = NOW + timedelta(minutes=2)
    await jobs.store.return_hints.note_return(registered, now=jobs.clock.now)
    await jobs.advance_due()
    assert await jobs.outcome() == ("created", None, [])
    await look(jobs, timedelta(minutes=4))
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_the_last_look_may_bring_it(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST, answered(payload())]
    await look(jobs, FIRST)
    await look(jobs, RECONCILE_RULES.last_look)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_vendor_that_cannot_be_reached_costs_no_call_until_the_day_is_over(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [NOT_SENT]
    for hours in (2, 8, 19, 21, 23):
        await look(jobs, timedelta(hours=hours))
        assert await jobs.ledger() == [(1, "not_sent", "CONNECT_FAILED")]
        assert await jobs.outcome() == ("created", None, [])
    await look(jobs, timedelta(hours=24))
    assert await jobs.outcome() == ("expired", None, [])


async def test_a_worker_that_died_after_the_answer_leaves_it_to_the_next(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    jobs.die_at("after_raw_stored")
    await look(jobs, FIRST)
    assert await jobs.outcome() == ("created", None, [])
    jobs.die_at(None)
    await look(jobs, FIRST + LEASE)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_a_callback_that_comes_meanwhile_takes_over(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]

    async def callback_comes() -> None:
        jobs.vendor.before = None
        await jobs.inbox.hand_over("b1", [callback(received_at=jobs.clock.now)])
        await jobs.work()

    jobs.vendor.before = callback_comes
    await look(jobs, FIRST)
    assert await jobs.outcome() == ("received", None, []), "the call under way is left to its end"
    await look(jobs, FIRST + LEASE)
    assert await jobs.outcome() == ("decided", "approved", [])
    record = await jobs.store.find()
    assert record is not None
    assert record.basis == "confirmed"
    assert len(jobs.vendor.asked) == 1


async def test_a_callback_after_the_end_is_still_decided(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST, LOST, answered(payload())]
    await look(jobs, FIRST)
    await look(jobs, RECONCILE_RULES.last_look)
    assert await jobs.outcome() == ("expired", None, [])
    jobs.clock.now = NOW + timedelta(hours=22)
    await jobs.inbox.hand_over("b1", [callback(received_at=jobs.clock.now)])
    await jobs.work()
    assert await jobs.outcome() == ("decided", "approved", []), "by the third call"


async def test_an_open_callback_of_a_registered_one_changes_nothing_of_it(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback(payload(status="PROCESSING"))])
    await jobs.work()
    assert await jobs.outcome() == ("received", None, [])
    await look(jobs, FIRST)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_callback_of_another_order_goes_to_review(jobs: Jobs) -> None:
    verification_id = await jobs.store.register(expires_in=TOKEN, biz_no="another")
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    assert await jobs.outcome() == ("decided", "review", ["registration.biz_no_mismatch"])
    assert (await jobs.store.events(verification_id))[1] == "callback.conflict"


async def test_an_early_look_costs_the_callback_its_first_call_not_its_second(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(GOES_ON), answered(payload())]
    await look(jobs, FIRST)
    jobs.clock.now += timedelta(minutes=2)
    await jobs.inbox.hand_over("b1", [callback(received_at=jobs.clock.now)])
    await jobs.work()
    assert await jobs.outcome() == ("decided", "approved", [])
    assert [(n, state) for n, state, _ in await jobs.ledger()] == [(1, "done"), (2, "done")]


async def test_where_registration_is_demanded_others_are_kept_and_marked(jobs: Jobs) -> None:
    jobs.configure(app(require_registration=True))
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    await look(jobs, timedelta(hours=1))
    assert await jobs.outcome() == ("received", None, [])
    assert jobs.vendor.asked == []
    assert await jobs.store.rows("SELECT event FROM timeline") == [("callback.held",)]

    await jobs.store.register(expires_in=TOKEN)
    await look(jobs, timedelta(hours=2))
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_where_registration_is_demanded_registered_ones_are_decided(jobs: Jobs) -> None:
    jobs.configure(app(require_registration=True))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_calls_whose_worker_died_are_spent(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    jobs.die_at("after_send")
    await look(jobs, FIRST)
    jobs.die_at(None)
    await look(jobs, RECONCILE_RULES.last_look)
    assert [(n, state) for n, state, _ in await jobs.ledger()] == [
        (1, PullState.UNKNOWN.value),
        (2, PullState.DONE.value),
    ]
    assert await jobs.outcome() == ("decided", "approved", [])
