"""Whether an app requires registration is asked at the decision, not when the callback is recorded."""

from datetime import timedelta

from sqlalchemy import text

from domain.model import verification_id
from tests.support.storage.stores import LEASE, NOW, biz_id, callback, payload
from tests.support.workers.jobs import Jobs, answered, app
from usecases.verifications.await_registration import release_held

DAY = timedelta(days=1)


async def take(jobs: Jobs, batch_id: str = "b1", *, app_id: str = "demo", status: str = "OK") -> None:
    jobs.vendor.answers = [answered(payload())]
    taken = callback(payload(status=status), app_id=app_id, received_at=jobs.clock.now)
    await jobs.inbox.hand_over(batch_id, [taken])
    await jobs.work()


async def events(jobs: Jobs, app_id: str = "demo") -> list[str]:
    return await jobs.store.events(verification_id(app_id, biz_id()))


async def test_a_callback_recorded_without_the_apps_settings_waits_for_registration(jobs: Jobs) -> None:
    await take(jobs, app_id="fresh")
    jobs.configure(app(app_id="fresh", require_registration=True))
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    record = await jobs.store.find(app_id="fresh")
    assert record is not None
    assert (record.state, record.held) == ("received", True)
    assert jobs.vendor.asked == []
    assert await events(jobs, "fresh") == ["callback.received", "callback.held"]


async def test_callbacks_recorded_under_older_settings_wait_too(jobs: Jobs) -> None:
    await jobs.store.record()
    jobs.configure(app(require_registration=True))
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    assert await jobs.outcome() == ("received", None, [])
    await jobs.store.register()
    jobs.vendor.answers = [answered(payload())]
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_setting_that_is_removed_releases_held_verifications(jobs: Jobs) -> None:
    jobs.configure(app(require_registration=True))
    await take(jobs)
    jobs.configure(app(require_registration=False))
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])
    assert "callback.released" in await events(jobs)


async def test_held_verifications_of_other_apps_stay(jobs: Jobs) -> None:
    jobs.configure(app(require_registration=True))
    await take(jobs)
    await release_held(jobs.context)
    assert await jobs.outcome() == ("received", None, [])
    assert await events(jobs) == ["callback.held"]


async def test_one_that_is_registered_meanwhile_is_not_held(jobs: Jobs) -> None:
    recorded = await jobs.store.record()
    await jobs.store.register()
    await jobs.store.held.await_registration(recorded.lease)
    jobs.clock.go_on(LEASE)
    jobs.configure(app(require_registration=True))
    jobs.vendor.answers = [answered(payload())]
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_more_than_a_sweep_takes_at_once_are_released(jobs: Jobs) -> None:
    await jobs.store.record(awaits_registration=True)
    async with jobs.store.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO verifications (id, app_id, biz_id, state, held, due_at)"
                " SELECT gen_random_uuid(), 'demo', 'more-' || n, 'received', true, now()"
                " FROM generate_series(1, 1200) n"
            )
        )
    await release_held(jobs.context)
    assert await jobs.store.rows("SELECT count(*) FROM verifications WHERE held") == [(0,)]


async def test_a_running_flow_without_registration_ends_with_the_vendors_day(jobs: Jobs) -> None:
    await take(jobs, status="PROCESSING")
    jobs.clock.now = NOW + DAY - timedelta(seconds=1)
    await jobs.advance_due()
    assert await jobs.outcome() == ("received", None, [])
    jobs.clock.now = NOW + DAY
    await jobs.advance_due()
    assert await jobs.outcome() == ("expired", None, [])
    assert jobs.vendor.asked == []
    assert await events(jobs) == ["callback.received", "verification.expired"]


async def test_its_end_that_comes_late_is_still_decided(jobs: Jobs) -> None:
    await take(jobs, status="PROCESSING")
    jobs.clock.now = NOW + DAY
    await jobs.advance_due()
    await take(jobs, "b2")
    state, outcome, _ = await jobs.outcome()
    assert (state, outcome) == ("decided", "approved")


async def test_one_that_has_ended_so_can_still_be_registered(jobs: Jobs) -> None:
    await take(jobs, status="PROCESSING")
    jobs.clock.now = NOW + DAY
    await jobs.advance_due()
    await jobs.store.register(expires_in=DAY + timedelta(minutes=30))
    assert (await jobs.outcome())[0] == "received"
