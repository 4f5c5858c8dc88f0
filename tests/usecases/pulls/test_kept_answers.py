"""An answer was paid for: no cancellation, no outage and no ledger that refuses it throws it away."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from adapters.postgres.sqlstate import DatabaseAway
from adapters.settings.settings import Settings
from devstack.waiting import until
from domain.model import ConfirmationMode
from domain.pulls.budget import Wait
from domain.verifications.records import FinishedPull
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import LEASE, NOW, finished, payload
from tests.support.workers.jobs import Jobs, again, answered, app
from usecases.context import WorkerContext
from usecases.ports.pulls import Ledger
from usecases.process.picture_room import PictureRoom
from usecases.process.vendor_gates import VendorGates
from usecases.pulls.confirm import confirm
from usecases.verifications.advance import advance
from workers.main import running_loops


@pytest.mark.parametrize("mode", [ConfirmationMode.REQUIRED, ConfirmationMode.PREFERRED])
async def test_a_cancelled_job_still_puts_the_answer_on_the_ledger(
    jobs: Jobs, mode: ConfirmationMode
) -> None:
    jobs.configure(app(confirmation=mode))
    call = jobs.vendor.hold()
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    job = asyncio.create_task(advance(jobs.context, case))
    await call.begun.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    call.gate.set()

    async def answered_late() -> bool:
        return await jobs.ledger() == [(1, "done", None)]

    await until(answered_late)
    kept = await jobs.store.ledger.answer_of(case.lease)
    assert kept == dump(payload())
    jobs.vendor.before = None
    await advance(jobs.context, again(case))
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
    job = asyncio.create_task(advance(jobs.context, case))
    await asked.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    async def answered_all_the_same() -> bool:
        return await jobs.ledger() == [(1, "done", None)]

    await until(answered_all_the_same)
    await advance(jobs.context, again(case))
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
    await advance(context, await jobs.case())
    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "done", None)]
    assert len(jobs.vendor.asked) == 1
    assert (pauses[0], pauses[-1]) == (0.1, 2.0)


async def test_an_answer_that_the_ledger_refuses_is_decided_on_all_the_same(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    context, pauses = hiccuping(jobs, ValueError("a value that it does not take"), failures=99)
    await advance(context, await jobs.case())
    assert len(pauses) == 4, "a driver in disorder may do better once more"
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_while_an_answer_waits_for_the_ledger_no_second_call_is_made(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    case = await jobs.case()
    context, _ = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=1)

    async def lease_ends(_seconds: float) -> None:
        jobs.clock.go_on(LEASE)
        assert isinstance(await confirm(jobs.context, again(case), app()), Wait)

    await advance(replace(context, sleep=lease_ends), case)
    assert len(jobs.vendor.asked) == 1
    assert await jobs.ledger() == [(1, "done", None)]


async def test_an_answer_noted_twice_is_one_event(jobs: Jobs) -> None:
    case = await jobs.case()
    await jobs.store.ledger.reserve(case.lease, 1, now=NOW)
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
        await advance(replace(jobs.context, gates=gates), await jobs.case(payload(2)))
        asked.set()

    await advance(replace(context, gates=gates, sleep=second_is_settled), await jobs.case(payload(1)))
    assert asked.is_set()
    assert await jobs.outcome(1) == ("decided", "approved", [])


async def test_a_cancelled_jobs_answer_keeps_its_room_until_it_is_on_the_ledger(jobs: Jobs) -> None:
    jobs.configure(msgspec.structs.replace(app(), return_image=4))
    points: list[str] = []
    context = replace(jobs.context, pictures=PictureRoom(at_once=1), reached=points.append)
    call = jobs.vendor.hold()
    jobs.vendor.answers = [answered(payload(1)), answered(payload(2))]
    cases = [await jobs.case(payload(n)) for n in (1, 2)]
    first = asyncio.create_task(advance(context, cases[0]))
    await call.begun.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(advance(context, cases[1]))
    for _ in range(10):
        await asyncio.sleep(0)
    assert points.count("before_reserve") == 1
    call.gate.set()
    await second
    assert await jobs.outcome(2) == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "done", None)] * 2


async def test_an_answer_that_goes_with_its_process_is_named(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    holding, gate = asyncio.Event(), asyncio.Event()

    async def rest(_seconds: float) -> None:
        holding.set()
        await gate.wait()

    context, _ = hiccuping(jobs, DatabaseAway("AdminShutdownError"), failures=99)
    context, case = replace(context, sleep=rest), await jobs.case()
    with capture_logs() as logs:
        async with running_loops(Settings.model_construct(), context, grace=0) as loops:
            loops.advancing.start(case)
            await holding.wait()
    context.ledger.failures = 0  # type: ignore[attr-defined]
    gate.set()
    await context.gates.finish(within=60)
    lost = [each["verification_id"] for each in logs if each["event"] == "pull.lost"]
    assert lost == [str(case.verification_id)]
