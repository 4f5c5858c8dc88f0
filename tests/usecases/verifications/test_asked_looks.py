"""An operator asks for the result of a verification without a callback: one call, whatever comes of it."""

from datetime import timedelta

from domain.model import verification_id
from domain.pulls.reconciliation import RECONCILE_RULES
from domain.pulls.request import Refusal
from tests.support.storage.stores import NOW, biz_id, payload
from tests.support.workers.jobs import Jobs, answered, app
from tests.usecases.verifications.test_reconcile import FIRST, LOST, TOKEN, look


async def ask(jobs: Jobs, after: timedelta) -> Refusal | None:
    """What an operator asks for so long after the registration, and what a worker does then."""
    jobs.clock.now = NOW + after
    refusal = await jobs.store.pull_requests.ask(
        verification_id("demo", biz_id()), now=jobs.clock.now, by="x"
    )
    await jobs.advance_due()
    return refusal


async def test_an_operator_need_not_wait_for_the_grace(jobs: Jobs) -> None:
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [answered(payload())]
    assert await ask(jobs, TOKEN - timedelta(seconds=1)) == Refusal("flow_not_ended", NOW + TOKEN)
    assert jobs.vendor.asked == []
    assert await ask(jobs, TOKEN) is None
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_request_without_a_result_spends_one_call_and_changes_no_later_look(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST]
    assert await ask(jobs, TOKEN) is None
    for hours in (2, 9, 19):
        await look(jobs, timedelta(hours=hours))
    assert len(jobs.vendor.asked) == 2, "the request, and the look at the token's expiry"
    await look(jobs, RECONCILE_RULES.last_look)
    assert len(jobs.vendor.asked) == 3
    assert await jobs.outcome() == ("expired", None, [])


async def test_an_expired_verification_can_be_pulled_once_more(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST, LOST, answered(payload())]
    await look(jobs, FIRST)
    await look(jobs, RECONCILE_RULES.last_look)
    assert await jobs.outcome() == ("expired", None, [])
    assert await ask(jobs, timedelta(hours=21)) is None
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_an_expired_verification_without_a_result_stays_expired(jobs: Jobs) -> None:
    jobs.configure(app(delays=()))
    await jobs.store.register(expires_in=TOKEN)
    jobs.vendor.answers = [LOST]
    await look(jobs, FIRST)
    await look(jobs, RECONCILE_RULES.last_look)
    assert await ask(jobs, timedelta(hours=21)) is None
    assert await jobs.outcome() == ("expired", None, [])
    assert await jobs.store.rows("SELECT due_at, asked_at FROM verifications") == [(None, None)]
    assert await ask(jobs, timedelta(hours=22)) == Refusal("no_pull_left")
