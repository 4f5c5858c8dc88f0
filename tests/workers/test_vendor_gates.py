"""Each app has so many calls at once, and a vendor at fault is left alone before calls are wasted on it."""

import asyncio
from datetime import timedelta

import pytest

from domain.answer import Answer
from domain.budget import PullState
from tests.adapters.builders import Clock, payload
from tests.workers.conftest import NOT_SENT, TIMED_OUT, Jobs, answered, refused
from workers.settlement import settle
from workers.vendor_gates import RULES, VendorGates, is_system_fault

BUSY = refused(403, "CONCURRENCY_LIMIT_EXCEEDED", retry=True)


def gates(clock: Clock, *, in_flight: int = 2) -> VendorGates:
    return VendorGates(in_flight=in_flight, monotonic=clock.monotonic)


async def call(gates: VendorGates, answer: Answer, app_id: str = "demo") -> timedelta | None:
    """Make a call that ends so, if one may be made; else how long the vendor is left alone."""
    async with gates.slot(app_id) as left_alone_for:
        if left_alone_for is None:
            gates.started(app_id)
            gates.ended(app_id, answer)
        return left_alone_for


@pytest.mark.parametrize(
    ("answer", "at_fault"),
    [
        (answered(b"{}"), False),
        (refused(400, "RESULT_NOT_FOUND"), False),
        (refused(400, "BAD_ARGUMENTS"), False),
        (refused(403, "DATA_DESTROYED"), False),
        (BUSY, True),
        (refused(403, "AUTHENTICATION_ERROR"), True),
        (refused(404, "API_NOT_FOUND"), True),
        (refused(500, "INTERNAL_ERROR", retry=True), True),
        (TIMED_OUT, True),
        (NOT_SENT, True),
    ],
)
def test_who_is_at_fault(answer: Answer, at_fault: bool) -> None:
    assert is_system_fault(answer) is at_fault


async def test_after_five_faults_in_a_row_the_vendor_is_left_alone(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(RULES.threshold):
        assert await call(door, BUSY) is None
    assert await call(door, BUSY) == RULES.first_pause
    clock.go_on(RULES.first_pause)
    assert await call(door, BUSY) is None, "the probe"
    assert await call(door, BUSY) == RULES.first_pause * 2
    clock.go_on(RULES.first_pause * 2)
    assert await call(door, answered(b"{}")) is None
    assert await call(door, answered(b"{}")) is None, "closed again"


async def test_a_good_answer_forgets_the_faults_before_it(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(20):
        for answer in [BUSY] * (RULES.threshold - 1) + [refused(400, "RESULT_NOT_FOUND")]:
            assert await call(door, answer) is None


async def test_one_apps_trouble_is_nobody_elses(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(RULES.threshold):
        await call(door, BUSY)
    assert await call(door, BUSY) is not None
    assert await call(door, BUSY, "other") is None


async def test_so_many_calls_of_an_app_are_under_way_and_no_more(clock: Clock) -> None:
    door, gate = gates(clock, in_flight=3), asyncio.Event()
    under_way, most = 0, 0

    async def long_call() -> None:
        nonlocal under_way, most
        async with door.slot("demo"):
            under_way += 1
            most = max(most, under_way)
            await gate.wait()
            under_way -= 1

    calls = [asyncio.create_task(long_call()) for _ in range(10)]
    await asyncio.sleep(0)
    assert await call(door, answered(b"{}"), "other") is None, "its places are its own"
    gate.set()
    await asyncio.gather(*calls)
    assert most == 3


async def test_while_the_vendor_is_left_alone_no_call_is_spent(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT] * RULES.threshold + [answered(payload(9))]
    for n in range(1, RULES.threshold + 1):
        await settle(jobs.context, await jobs.case(payload(n)))
    spared = await jobs.case(payload(9))
    await settle(jobs.context, spared)
    assert len(jobs.vendor.asked) == RULES.threshold
    assert await jobs.store.ledger.of(spared.verification_id) == []

    jobs.clock.go_on(RULES.first_pause)
    await jobs.settle_due()
    assert await jobs.outcome(9) == ("decided", "approved", [])
    [pull] = await jobs.store.ledger.of(spared.verification_id)
    assert pull.state is PullState.DONE


async def test_of_many_that_wait_for_the_pause_to_end_one_is_the_probe(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT]
    for n in range(1, RULES.threshold + 1):
        await settle(jobs.context, await jobs.case(payload(n)))
    for n in range(10, 20):
        await settle(jobs.context, await jobs.case(payload(n)))
    jobs.clock.go_on(RULES.first_pause)
    await jobs.settle_due()
    assert len(jobs.vendor.asked) == RULES.threshold + 1
