"""A browser that came back costs a registered verification one early call, and any other none."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from adapters.intake.queue import NUDGE_VERIFICATION
from domain.model import verification_id
from tests.support.storage.stores import NOW, biz_id, callback, payload
from tests.support.workers.jobs import Jobs, answered, refused
from usecases.context import WorkerContext
from usecases.requests.note_return import note_return
from workers.jobs import functions

TOKEN = timedelta(minutes=50)
FIRST = TOKEN + timedelta(minutes=15)
GOES_ON = answered({"status": "PROCESSING", "biz_info": payload()["biz_info"]})
ID = verification_id("demo", biz_id())


async def look(jobs: Jobs, verification_id: UUID) -> None:
    """Look early and let what was begun come to its end."""
    if await note_return(jobs.context, verification_id):
        advancing = jobs.loops().advancing
        await advancing.claim_one(verification_id)
        await advancing.idle()


async def test_an_early_look_decides_long_before_the_tokens_expiry(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    await look(jobs, ID)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.store.events(ID) == [
        "verification.registered",
        "browser.returned",
        "pull.finished",
        "decision.saved",
    ]


@pytest.mark.parametrize("answer", [GOES_ON, refused(400, "RESULT_NOT_FOUND")])
async def test_however_often_it_comes_back_it_is_one_call(jobs: Jobs, answer: object) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answer, answered(payload())]  # type: ignore[list-item]
    for _ in range(5):
        await look(jobs, ID)
        await jobs.advance_due()
        jobs.clock.go_on(timedelta(minutes=2))
    assert len(jobs.vendor.asked) == 1
    assert await jobs.outcome() == ("created", None, [])
    jobs.clock.now = NOW + FIRST
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", []), (
        "the look at its token's expiry is still to come"
    )


async def test_a_verification_whose_callback_arrived_is_left_alone(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    await look(jobs, ID)
    assert len(jobs.vendor.asked) == 1
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_unknown_and_unregistered_ones_cost_no_call(jobs: Jobs) -> None:
    await jobs.store.record(callback(payload(2, status="PROCESSING")))
    for each in (ID, verification_id("demo", biz_id(2))):
        await look(jobs, each)
    assert jobs.vendor.asked == []
    assert await jobs.store.rows("SELECT state FROM verifications") == [("received",)]


async def test_ten_thousand_strangers_cost_no_call_and_no_row(jobs: Jobs) -> None:
    for _ in range(100):
        await asyncio.gather(*(look(jobs, uuid4()) for _ in range(100)))
    assert jobs.vendor.asked == []
    for table in ("verifications", "timeline", "pulls"):
        assert await jobs.store.rows(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_without_database_the_hint_is_lost_and_no_job_fails(
    jobs: Jobs, without_database: WorkerContext
) -> None:
    made = functions(without_database, jobs.loops(without_database))
    [job] = [each for each in made if each.name == NUDGE_VERIFICATION]
    with capture_logs() as lines:
        await job.coroutine({}, str(UUID(int=1)))
    assert [line["event"] for line in lines] == ["nudge.failed"]
