"""Apps that share a vendor account: one decision, by the owner's policy, three calls in all."""

from dataclasses import replace

from adapters.store.recording.owners import BizOwners
from domain.model import ConfirmationMode
from domain.pulls.accounts import shared_accounts
from tests.support.storage.stores import LEASE, Store, callback, payload
from tests.support.workers.jobs import Jobs, answered, app
from usecases.context import WorkerContext


def sharing(jobs: Jobs) -> WorkerContext:
    """`demo` wants confirmation; `lax` has the same key and wants none."""
    apps = {"demo": app(), "lax": app(app_id="lax", confirmation=ConfirmationMode.OFF)}
    store = Store(jobs.store.engine, jobs.store.keys, owners=BizOwners(shared_accounts(apps)))
    return replace(jobs.context, apps=apps, recorder=store.recorder, due=store.due)


async def test_a_pair_of_one_app_is_not_decided_again_at_the_other(jobs: Jobs) -> None:
    context = sharing(jobs)
    jobs.vendor.answers = [answered(payload())]
    for batch, app_id in enumerate(("demo", "lax", "lax")):
        await jobs.inbox.hand_over(f"b{batch}", [callback(app_id=app_id)])
        await jobs.work(context)
    jobs.clock.go_on(LEASE)
    await jobs.advance_due(context)
    assert await jobs.store.rows("SELECT app_id, basis FROM decisions") == [("demo", "confirmed")]
    assert await jobs.store.find(app_id="lax") is None, "no token of one app reads the other's outcome"
    assert len(jobs.vendor.asked) == 1


async def test_a_registered_one_is_decided_by_its_owners_policy_wherever_its_pair_comes_to(
    jobs: Jobs,
) -> None:
    context = sharing(jobs)
    await jobs.store.register()
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.hand_over("b1", [callback(app_id="lax")])
    await jobs.work(context)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.store.rows("SELECT app_id, basis FROM decisions") == [("demo", "confirmed")]


async def test_a_pair_that_an_older_version_recorded_for_both_apps_is_decided_once(jobs: Jobs) -> None:
    context = sharing(jobs)
    for app_id in ("demo", "lax"):
        await jobs.store.record(callback(app_id=app_id))
    jobs.vendor.answers = [answered(payload())]
    for _ in range(3):
        jobs.clock.go_on(LEASE)
        await jobs.advance_due(context)
    assert await jobs.store.rows("SELECT app_id, basis FROM decisions") == [("demo", "confirmed")]
    assert len(jobs.vendor.asked) == 1
