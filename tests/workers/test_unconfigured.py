"""An app that this worker does not know loses nothing: others may know it."""

from structlog.testing import capture_logs

from tests.support.storage.stores import LEASE, callback, payload
from tests.support.workers.jobs import Jobs
from usecases.verifications.report_unconfigured import Unconfigured

GONE = "gone"


async def test_an_app_that_is_not_configured_here_is_left_for_others(jobs: Jobs) -> None:
    await jobs.store.record(callback(payload(1), app_id=GONE))
    await jobs.store.record(callback(payload(2, status="WHATEVER")))
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    assert (await jobs.outcome(2))[0] == "decided"
    [(fence,)] = await jobs.store.rows("SELECT fence FROM verifications WHERE app_id = 'gone'")
    assert fence == 1, "nobody has touched it"
    unconfigured = Unconfigured(jobs.context)
    with capture_logs() as lines:
        for _ in range(3):
            await unconfigured.report()
    told = [(line["event"], line["app_id"], line["count"]) for line in lines]
    assert told == [("verifications.unconfigured", GONE, 1)], "named once, not for ever"


async def test_a_callback_of_an_app_that_is_not_configured_here_is_recorded(jobs: Jobs) -> None:
    await jobs.inbox.hand_over("b1", [callback(payload(1), app_id=GONE)])
    await jobs.work()
    assert await jobs.inbox.depth() == 0
    assert await jobs.store.rows("SELECT app_id, state FROM verifications") == [(GONE, "received")]
