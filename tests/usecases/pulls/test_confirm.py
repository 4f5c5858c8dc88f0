"""A call is reserved, sent once, kept and then read; a crash or a cancellation anywhere wastes none."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from domain.pulls.budget import PULL_LIMIT, PullState, Wait
from domain.pulls.reading import Confirmed
from tests.support.storage.stores import LEASE, NOW, finished, payload
from tests.support.workers.jobs import Jobs, again, answered, app, later
from usecases.process.vendor_gates import VendorGates
from usecases.pulls.confirm import confirm
from usecases.verifications.advance import advance

DAY = timedelta(days=1)


async def test_the_call_is_reserved_before_it_is_sent(jobs: Jobs) -> None:
    seen: list[object] = []

    async def look() -> None:
        seen.extend(await jobs.ledger())

    jobs.vendor.before = look
    jobs.vendor.answers = [answered(payload())]
    await advance(jobs.context, await jobs.case())
    assert seen == [(1, "reserved", None)]
    assert await jobs.ledger() == [(1, "done", None)]


async def test_the_answer_is_kept_before_it_is_read(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(b"not even JSON")]
    case = await jobs.case()
    assert isinstance(await confirm(jobs.context, case, app()), Wait)
    kept = await jobs.store.ledger.answer_of(case.lease)
    assert kept == b"not even JSON"


async def test_after_a_crash_the_stored_answer_is_read_without_a_second_call(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.vendor.answers = [answered(payload())]
    assert isinstance(await confirm(jobs.context, case, app()), Confirmed)  # and here the worker dies
    await advance(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_after_a_crash_during_the_call_its_end_is_unknown_and_the_second_call_made(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.lease, 1, now=NOW)
    jobs.vendor.answers = [answered(payload())]
    await advance(jobs.context, again(case))
    assert jobs.vendor.asked == [], "it may still be under way"
    await later(jobs)
    assert await jobs.ledger() == [(1, "unknown", None), (2, "done", None)]
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_call_somebody_else_has_just_reserved_is_left_to_them(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.lease, 1, now=NOW)
    assert await confirm(jobs.context, case, app()) == Wait(NOW + LEASE)
    assert jobs.vendor.asked == []


async def test_two_workers_at_once_make_one_call(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    call = jobs.vendor.hold()
    first = asyncio.create_task(advance(jobs.context, case))
    await call.begun.wait()
    await advance(jobs.context, again(case))
    call.gate.set()
    await first
    assert len(jobs.vendor.asked) == 1
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_with_the_calls_spent_no_further_one_is_made(jobs: Jobs) -> None:
    case = await jobs.case()
    for n in range(1, PULL_LIMIT + 1):
        await jobs.store.ledger.reserve(case.lease, n, now=NOW)
        lost = finished(await jobs.store.record(), n, state=PullState.UNKNOWN, http_status=None)
        await jobs.store.ledger.finish(lost)
    jobs.clock.go_on(timedelta(hours=1))
    await advance(jobs.context, again(case))
    assert jobs.vendor.asked == []
    assert await jobs.outcome() == ("decided", "review", ["confirmation.unavailable"])


async def test_once_the_vendor_has_deleted_the_result_no_call_is_made(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.clock.go_on(DAY)
    await advance(jobs.context, again(case))
    assert jobs.vendor.asked == []
    assert await jobs.outcome() == ("decided", "review", ["result.expired"])


async def test_just_before_it_is_still_asked_for(jobs: Jobs) -> None:
    case = await jobs.case()
    jobs.clock.go_on(DAY - timedelta(seconds=1))
    jobs.vendor.answers = [answered(payload())]
    await advance(jobs.context, again(case))
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_worker_that_stops_leaves_the_call_to_another_at_once(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    jobs.context.gates.stop()
    await advance(jobs.context, await jobs.case())
    assert jobs.vendor.asked == []
    assert await jobs.ledger() == []
    assert await jobs.due() == timedelta(0)
    other = replace(jobs.context, gates=VendorGates(in_flight=1, monotonic=jobs.clock.monotonic))
    await jobs.advance_due(other)
    assert await jobs.outcome() == ("decided", "approved", [])
