"""Verifications are advanced beside the recording, with a limit for each app, fed by `due_at`."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from devstack.waiting import until
from domain.apps.app import App
from domain.model import verification_id
from tests.support.storage.stores import LEASE, NOW, biz_id, callback, payload, record
from tests.support.workers.jobs import AT_ONCE, TIMED_OUT, Jobs, answered, app, refused
from workers.advancing import PATIENCE, Advancing
from workers.jobs import Loops
from workers.recording import Recording


def small(jobs: Jobs, *, at_once: int, patience: float = PATIENCE) -> Loops:
    """A worker that advances few verifications at once."""
    advancing = Advancing(jobs.context, at_once=at_once, look_every=LEASE, patience=patience)
    return Loops(Recording(jobs.context, advancing), advancing)


class SlowApp:
    """The vendor of one app answers when the gate opens; those of the others at once."""

    def __init__(self, jobs: Jobs, app_id: str) -> None:
        self.gate = asyncio.Event()
        self.under_way = 0
        self._jobs = jobs
        self._app_id = app_id
        self._get_result = jobs.vendor.get_result

    async def get_result(self, asked: App, biz: str) -> object:
        if asked.app_id == self._app_id:
            self.under_way += 1
            await self.gate.wait()
        self._jobs.vendor.asked.append(biz)
        return answered(payload(next(n for n in range(200) if biz_id(n) == biz)))


@pytest.fixture
def slow(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> SlowApp:
    jobs.configure(app(app_id="slow"))
    vendor = SlowApp(jobs, "slow")
    monkeypatch.setattr(jobs.vendor, "get_result", vendor.get_result)
    return vendor


async def decided(jobs: Jobs, app_id: str) -> int:
    rows = await jobs.store.rows(
        f"SELECT count(*) FROM verifications WHERE state = 'decided' AND app_id = '{app_id}'"
    )
    return int(rows[0][0])


async def test_an_app_with_a_slow_vendor_delays_no_other(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=4)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(30)])
    await loops.recording.record_some()
    await jobs.inbox.hand_over("b2", [callback(payload(n)) for n in range(3)])
    await loops.recording.record_some()

    async def others_are_decided() -> bool:
        return await decided(jobs, "demo") == 3

    await until(others_are_decided)
    assert slow.under_way == 4, "no more than have room"
    assert await jobs.inbox.depth() == 0, "all are recorded"


async def test_a_verification_without_a_slot_is_due_at_once_and_claimed_when_one_is_free(
    jobs: Jobs, slow: SlowApp
) -> None:
    loops = small(jobs, at_once=4)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(30)])
    await loops.recording.record_some()
    due = await jobs.store.rows("SELECT count(*) FROM verifications WHERE due_at <= :now", now=NOW)
    assert due == [(26,)]
    running = asyncio.create_task(loops.advancing.run())
    slow.gate.set()

    async def all_are_decided() -> bool:
        return await decided(jobs, "slow") == 30

    await until(all_are_decided)
    loops.advancing.stop()
    await running
    assert len(jobs.vendor.asked) == 30


async def test_a_due_verification_is_advanced(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await jobs.store.record()
    await jobs.advance_due()
    assert await jobs.outcome() == ("received", None, []), "not due yet"
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_all_that_is_due_is_advanced_however_much(jobs: Jobs) -> None:
    for n in range(AT_ONCE + 20):
        await jobs.store.record(callback(payload(n, status="WHATEVER")))
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    await jobs.advance_due()
    assert await jobs.store.rows("SELECT count(*) FROM decisions") == [(AT_ONCE + 20,)]


async def test_after_an_outage_the_vendor_is_asked_at_a_bounded_rate(jobs: Jobs) -> None:
    context = replace(jobs.context, silent_per_sweep=7)
    jobs.vendor.answers = [refused(404, "RESULT_NOT_FOUND")]
    for n in range(20):
        await jobs.store.register(n, expires_in=timedelta(0))
    await jobs.store.record(callback(payload(99, status="WHATEVER")))
    jobs.clock.go_on(timedelta(hours=1))
    for asked in (7, 14, 20, 20):
        await jobs.advance_due(context)
        assert len(jobs.vendor.asked) == asked
        assert (await jobs.outcome(99))[0] == "decided", "whose callback is there never waits behind them"


async def test_silent_ones_are_shared_fairly_among_apps(jobs: Jobs) -> None:
    jobs.configure(app(app_id="busy"))
    context = replace(jobs.context, silent_per_sweep=6)
    jobs.vendor.answers = [refused(404, "RESULT_NOT_FOUND")]
    for n in range(20):
        await jobs.store.register(n, app_id="busy", expires_in=timedelta(0))
    for n in range(2):
        await jobs.store.register(100 + n, expires_in=timedelta(0))
    jobs.clock.go_on(timedelta(hours=1))
    await jobs.advance_due(context)
    assert {biz_id(100), biz_id(101)} <= set(jobs.vendor.asked)
    assert len(jobs.vendor.asked) == 6, "what one app leaves the other may use"


async def test_the_answer_is_judged_by_the_first_callback(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await jobs.store.record()
    await jobs.store.record(callback(payload(biz_no="order-2") | {"status": "CANCELLED"}))
    for minutes in (2, 5):
        jobs.clock.now = NOW + timedelta(minutes=minutes)
        await jobs.advance_due()
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_one_verification_is_advanced_on_request_once_it_is_due(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await jobs.store.record()
    key = verification_id("demo", biz_id())
    for elapsed, asked in ((timedelta(0), 0), (LEASE, 1)):
        jobs.clock.go_on(elapsed)
        advancing = jobs.loops().advancing
        await advancing.claim_one(key)
        await advancing.idle()
        assert len(jobs.vendor.asked) == asked
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_request_for_one_of_an_app_without_room_waits_for_a_slot(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=1)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(2)])
    await loops.recording.record_some()
    await loops.advancing.claim_one(verification_id("slow", biz_id(1)))
    await until_under_way(slow)
    assert slow.under_way == 1
    running = asyncio.create_task(loops.advancing.run())
    slow.gate.set()

    async def both_are_decided() -> bool:
        return await decided(jobs, "slow") == 2

    await until(both_are_decided)
    loops.advancing.stop()
    await running


async def until_under_way(slow: SlowApp) -> None:
    """Return when its vendor has been asked."""

    async def asked() -> bool:
        return slow.under_way > 0

    await until(asked)


async def test_a_crowd_that_gets_on_is_waited_for(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=4, patience=60)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(4)])
    await loops.recording.record_some()
    asyncio.get_running_loop().call_soon(slow.gate.set)
    await loops.advancing.wait_for_room()
    assert await decided(jobs, "slow") >= 2
    await loops.advancing.idle()


async def test_a_slow_vendor_is_waited_for_once_until_its_slots_are_free(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=4, patience=0.01)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(4)])
    await loops.recording.record_some()
    await loops.advancing.wait_for_room()
    assert not waits(loops.advancing)
    slow.gate.set()
    await loops.advancing.idle()
    slow.gate.clear()
    await jobs.inbox.hand_over("b2", [callback(payload(n), app_id="slow") for n in range(4, 8)])
    await loops.recording.record_some()
    assert waits(loops.advancing)
    slow.gate.set()
    await loops.advancing.idle()


def waits(advancing: Advancing) -> bool:
    """Whether `wait_for_room` waits at all."""
    waiting = advancing.wait_for_room()
    try:
        waiting.send(None)
    except StopIteration:
        return False
    waiting.close()
    return True


async def test_a_verification_left_out_makes_its_app_behind(jobs: Jobs, slow: SlowApp) -> None:
    """Else a backlog that was too fast once would go by way of the database to its end."""
    loops = small(jobs, at_once=4, patience=60)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(12)])
    slow.gate.set()
    await loops.recording.record_some()
    running = asyncio.create_task(loops.advancing.run())
    await loops.advancing.wait_for_room()
    assert await decided(jobs, "slow") >= 10
    await loops.advancing.idle()
    loops.advancing.stop()
    await running


async def test_once_stopped_nothing_starts_and_current_work_ends(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=4)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(9)])
    await loops.recording.record_some()
    loops.advancing.stop()
    jobs.clock.go_on(LEASE)
    await loops.advancing.claim_due()
    ending = asyncio.create_task(loops.advancing.end(grace=5))
    slow.gate.set()
    await ending
    assert await decided(jobs, "slow") == 4


async def test_a_verification_not_finished_in_time_is_due_again(jobs: Jobs, slow: SlowApp) -> None:
    loops = small(jobs, at_once=4)
    await jobs.inbox.hand_over("b1", [callback(payload(1), app_id="slow")])
    await loops.recording.record_some()
    loops.advancing.stop()
    await loops.advancing.end(grace=0.05)
    assert await jobs.due() == LEASE
    slow.gate.set()


async def test_verifications_left_out_are_claimed_even_when_nothing_is_under_way(jobs: Jobs) -> None:
    """The others ended while it was being recorded."""
    advancing = small(jobs, at_once=4).advancing
    await jobs.context.alarm.wait(longest=LEASE)
    advancing.left_out("demo")
    await asyncio.wait_for(jobs.context.alarm.wait(longest=LEASE), 1)


async def test_due_verifications_without_a_slot_are_claimed_when_one_is_free(
    jobs: Jobs, slow: SlowApp
) -> None:
    loops = small(jobs, at_once=2)
    await jobs.inbox.hand_over("b1", [callback(payload(n), app_id="slow") for n in range(2)])
    await loops.recording.record_some()
    await record(jobs.store.recorder, callback(payload(3), app_id="slow"), now=NOW - LEASE)
    alarm = jobs.context.alarm
    await alarm.wait(longest=LEASE)
    assert not await loops.advancing.claim_due()
    slow.gate.set()
    await loops.advancing.idle()
    await asyncio.wait_for(alarm.wait(longest=LEASE), 1)
    await loops.advancing.claim_due()
    await loops.advancing.idle()
    assert await decided(jobs, "slow") == 3
