"""Each app has a limit of calls at once; a vendor at fault is left alone before calls are wasted on it."""

import asyncio
from collections import deque
from datetime import timedelta

import pytest

from domain.limits.concurrency import REMEMBERED
from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from tests.support.storage.stores import Clock, payload
from tests.support.workers.gates import FAULT, GOOD, begin, call, end, gates
from tests.support.workers.jobs import NOT_SENT, TIMED_OUT, Jobs, answered, refused
from usecases.process.vendor_gates import REFUSED_RULES, RULES, Call, LeftAlone, VendorGates
from usecases.verifications.advance import advance

BUSY = refused(403, "CONCURRENCY_LIMIT_EXCEEDED")
WRONG_SECRET = refused(403, "AUTHENTICATION_ERROR")


@pytest.mark.parametrize(
    ("answer", "opens_after"),
    [
        (GOOD, None),
        (refused(400, "RESULT_NOT_FOUND"), None),
        (refused(400, "BAD_ARGUMENTS"), None),
        (refused(403, "DATA_DESTROYED"), None),
        (WRONG_SECRET, 5),
        (refused(200, "AUTHORIZATION_ERROR"), 5),
        (refused(404, "API_NOT_FOUND"), 5),
        (FAULT, 5),
        (refused(200, "INTERNAL_ERROR"), 5),
        (refused(200, "UNREADABLE_ANSWER"), 5),
        (refused(302, "HTTP_302"), 5),
        (refused(403, "HTTP_403"), 5),
        (refused(418, "SOMETHING_NEW"), 5),
        (TIMED_OUT, 5),
        (NOT_SENT, 5),
    ],
)
async def test_only_faults_of_the_vendor_open_the_circuit(
    clock: Clock, answer: Answer, opens_after: int | None
) -> None:
    door, made = gates(clock), 0
    while made < 20 and await call(door, answer) is None:
        made += 1
    assert made == (opens_after or 20)


async def test_after_five_faults_in_a_row_the_vendor_is_left_alone(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(RULES.threshold):
        assert await call(door, FAULT) is None
    assert await call(door, FAULT) == RULES.first_pause
    clock.go_on(RULES.first_pause)
    assert await call(door, FAULT) is None, "the probe"
    assert await call(door, FAULT) == RULES.first_pause * 2
    clock.go_on(RULES.first_pause * 2)
    assert await call(door, answered(b"{}")) is None
    assert await call(door, answered(b"{}")) is None, "closed again"


async def test_a_good_answer_forgets_the_faults_before_it(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(20):
        for answer in [FAULT] * (RULES.threshold - 1) + [refused(400, "RESULT_NOT_FOUND")]:
            assert await call(door, answer) is None


async def test_one_apps_fault_does_not_affect_others(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(RULES.threshold):
        await call(door, FAULT)
    assert await call(door, FAULT) is not None
    assert await call(door, FAULT, "other") is None


async def test_calls_under_way_of_an_app_are_limited(clock: Clock) -> None:
    door = gates(clock, in_flight=3)
    under_way = [await begin(door) for _ in range(3)]
    waiting = asyncio.create_task(begin(door))
    await asyncio.sleep(0)
    assert await call(door, GOOD, "other") is None, "its slots are its own"
    assert not waiting.done()
    end(door, under_way[0], GOOD)
    await waiting


async def test_a_slot_in_the_pool_is_waited_for_before_the_call_begins(clock: Clock) -> None:
    door = gates(clock, in_flight=2, pool=3)
    under_way = [await begin(door, app_id) for app_id in ("a", "a", "b")]
    waiting = asyncio.create_task(begin(door, "b"))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    end(door, under_way[0], GOOD)
    end(door, await begin(door, "b"), GOOD)


async def herd(door: VendorGates, *, limit: int, wanted: int) -> tuple[int, int, int]:
    """Calls to a vendor that takes `limit` at once and refuses others at once, each as soon as our side lets
    it, until `wanted` were good: how many were good, refused, and at once at most towards the end."""
    under_way: deque[Call] = deque()
    good = busy = most = 0
    while good < wanted:
        task = asyncio.create_task(door.enter("demo"))
        await asyncio.sleep(0)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            end(door, under_way.popleft(), GOOD)
            good += 1
            continue
        begun = task.result()
        assert isinstance(begun, Call), "the circuit stays closed"
        if len(under_way) >= limit:
            end(door, begun, BUSY)
            busy += 1
        else:
            under_way.append(begun)
            most = max(most, len(under_way)) if good > wanted / 2 else 0
    return good, busy, most


@pytest.mark.parametrize("limit", [1, 3, 10, 40])
async def test_the_vendors_limit_is_learned_at_the_cost_of_few_calls(clock: Clock, limit: int) -> None:
    _, busy, most = await herd(gates(clock, in_flight=64), limit=limit, wanted=600)
    assert busy <= 8
    assert most >= limit - 1


async def test_after_a_while_more_is_tried_again(clock: Clock) -> None:
    door = gates(clock, in_flight=64)
    await herd(door, limit=10, wanted=200)
    clock.go_on(REMEMBERED)
    _, busy, most = await herd(door, limit=20, wanted=2000)
    assert busy <= 4
    assert most >= 19


async def test_alone_and_refused_for_its_number_is_a_fault(clock: Clock) -> None:
    door, made = gates(clock, in_flight=64), 0
    while await call(door, BUSY) is None:
        made += 1
    assert made < 2 * RULES.threshold


async def test_a_good_answer_from_before_the_outage_does_not_release_all_waiting_calls(clock: Clock) -> None:
    door = gates(clock, in_flight=64)
    early = [await begin(door) for _ in range(RULES.threshold + 2)]
    for begun in early[: RULES.threshold]:
        end(door, begun, TIMED_OUT)
    end(door, early[5], GOOD)
    end(door, early[6], FAULT)
    assert await call(door, GOOD) == RULES.first_pause
    clock.go_on(RULES.first_pause)
    probe = await begin(door)
    assert await call(door, GOOD) is not None, "the probe is under way"
    end(door, probe, GOOD)
    end(door, await begin(door), GOOD)


async def test_after_a_good_probe_calls_start_one_at_a_time(clock: Clock) -> None:
    door = gates(clock, in_flight=64)
    for _ in range(RULES.threshold):
        await call(door, FAULT)
    clock.go_on(RULES.first_pause)
    assert await call(door, GOOD) is None
    first = await begin(door)
    second = asyncio.create_task(begin(door))
    await asyncio.sleep(0)
    assert not second.done()
    end(door, first, GOOD)
    await second


async def test_a_probe_that_came_to_nothing_is_followed_by_another_at_once(clock: Clock) -> None:
    door = gates(clock)
    for _ in range(RULES.threshold):
        await call(door, FAULT)
    clock.go_on(RULES.first_pause)
    door.leave(await begin(door))
    assert await call(door, GOOD) is None


async def test_the_patient_are_no_probe_and_the_urgent_go_through(clock: Clock) -> None:
    door, hour = gates(clock), timedelta(hours=1)
    for _ in range(RULES.threshold):
        await call(door, FAULT)
    clock.go_on(RULES.first_pause)
    assert await call(door, GOOD, patience=hour) == RULES.first_pause
    assert await call(door, FAULT, patience=None) is None
    clock.go_on(hour)
    assert await call(door, GOOD, patience=hour) is None


async def test_a_refused_secret_is_reported_until_it_is_accepted(clock: Clock) -> None:
    door = gates(clock)
    assert (door.circuits(), door.refusals()) == ({}, {})
    await call(door, WRONG_SECRET)
    await call(door, GOOD, "other")
    assert (door.circuits(), door.refusals()) == ({}, {"demo": "AUTHENTICATION_ERROR"})
    for _ in range(REFUSED_RULES.threshold - 1):
        await call(door, WRONG_SECRET)
    assert door.circuits() == {"demo": "open"}
    clock.go_on(REFUSED_RULES.first_pause)
    assert door.circuits() == {"demo": "half_open"}
    await call(door, GOOD)
    assert (door.circuits(), door.refusals()) == ({}, {})


async def test_probes_of_a_refusing_vendor_become_rarer(clock: Clock) -> None:
    door, calls = gates(clock), 0
    for _ in range(8 * 60):
        calls += await call(door, WRONG_SECRET) is None
        clock.go_on(timedelta(minutes=1))
    assert calls <= 56, "of a night in which a secret is wrong"


async def test_once_stopped_no_call_starts_and_waiters_are_released(clock: Clock) -> None:
    door = gates(clock, in_flight=1)
    under_way = await begin(door)
    waiting = [asyncio.create_task(door.enter("demo")) for _ in range(3)]
    await asyncio.sleep(0)
    door.stop()
    assert await asyncio.gather(*waiting) == [LeftAlone(timedelta(0))] * 3
    assert await door.enter("new") == LeftAlone(timedelta(0))
    end(door, under_way, GOOD)
    assert await door.enter("demo") == LeftAlone(timedelta(0)), "a good answer lets nobody in"


async def test_calls_under_way_are_awaited(clock: Clock) -> None:
    door, gate = gates(clock), asyncio.Event()
    work = asyncio.create_task(door.through(gate.wait()))
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await door.finish(within=0)
    finishing = asyncio.create_task(door.finish(within=60))
    await asyncio.sleep(0)
    assert not finishing.done()
    gate.set()
    await finishing


async def test_while_the_vendor_is_left_alone_no_call_is_spent(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT] * RULES.threshold + [answered(payload(9))]
    for n in range(1, RULES.threshold + 1):
        await advance(jobs.context, await jobs.case(payload(n)))
    spared = await jobs.case(payload(9))
    await advance(jobs.context, spared)
    assert len(jobs.vendor.asked) == RULES.threshold
    assert await jobs.store.ledger.of(spared.verification_id) == []

    jobs.clock.go_on(RULES.first_pause)
    await jobs.advance_due()
    assert await jobs.outcome(9) == ("decided", "approved", [])
    [pull] = await jobs.store.ledger.of(spared.verification_id)
    assert pull.state is PullState.DONE


async def test_of_many_that_wait_for_the_pause_to_end_one_is_the_probe(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT]
    for n in range(1, RULES.threshold + 1):
        await advance(jobs.context, await jobs.case(payload(n)))
    for n in range(10, 20):
        await advance(jobs.context, await jobs.case(payload(n)))
    jobs.clock.go_on(RULES.first_pause)
    await jobs.advance_due()
    assert len(jobs.vendor.asked) == RULES.threshold + 1
