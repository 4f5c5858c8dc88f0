"""A registered verification expires only where the vendor told nothing; what nobody reads is for a person."""

from datetime import timedelta

import pytest

from domain.pulls.reconciliation import RECONCILE_RULES
from tests.support.payloads.callbacks import dump, put
from tests.support.storage.stores import NOW, Json, callback, payload
from tests.support.workers.jobs import Jobs, answered, app

TOKEN = timedelta(minutes=50)
FIRST = TOKEN + timedelta(minutes=15)


async def look(jobs: Jobs, after: timedelta) -> None:
    """What the sweep does so long after the registration."""
    jobs.clock.now = NOW + after
    await jobs.advance_due()


ELSEWHERE = payload(2)
NAMELESS = payload() | {"biz_info": {"biz_no": "order-1"}}


@pytest.mark.parametrize(
    "told",
    [NAMELESS, payload() | {"biz_info": "{"}, put(payload(), "biz_info.biz_id", [1]), ELSEWHERE],
    ids=["no biz_id", "broken biz_info", "an odd biz_id", "of another verification"],
)
async def test_an_unreadable_result_goes_to_review(jobs: Jobs, told: Json) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(told)]
    for after in (FIRST, RECONCILE_RULES.last_look, timedelta(hours=25)):
        await look(jobs, after)
    assert await jobs.outcome() == ("decided", "review", ["payload.unreadable"])
    record = await jobs.store.find()
    assert record is not None
    assert (record.basis, record.reasons[0]["detail"]) == ("result", "get_result")


async def test_a_later_answer_that_is_read_outranks_one_that_is_not(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(NAMELESS), answered(payload())]
    for after in (FIRST, RECONCILE_RULES.last_look):
        await look(jobs, after)
    assert await jobs.outcome() == ("decided", "approved", [])


ODD: list[tuple[str, object]] = [
    ("biz_info.biz_extra_data", {"a": 1}),
    ("liveness_result.details", "text"),
    ("verify_result", "{}"),
    ("verify_result.result_ref1", []),
    ("status", ["OK"]),
    ("note", "x\0"),
    ("note", "x\ud83d"),
]


@pytest.mark.parametrize(("path", "value"), ODD)
@pytest.mark.parametrize("with_callback", [True, False])
async def test_a_registered_verification_with_an_odd_value_is_for_a_person(
    jobs: Jobs, with_callback: bool, path: str, value: object
) -> None:
    odd = dump(put(payload(), path, value))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(odd)]
    if with_callback:
        await jobs.inbox.hand_over("b1", [callback(odd)])
        await jobs.work()
    else:
        await look(jobs, FIRST)
    state, outcome, reasons = await jobs.outcome()
    assert (state, outcome, "payload.unreadable" in reasons) == ("decided", "review", True)
