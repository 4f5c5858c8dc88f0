"""An alarm rings at once, at its moments, and otherwise after the longest pause."""

import asyncio
from datetime import UTC, datetime, timedelta

from usecases.process.alarm import Alarm

LONG = timedelta(seconds=30)
SOON = timedelta(seconds=0.01)


def now() -> datetime:
    return datetime.now(UTC)


async def rings(alarm: Alarm, *, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await alarm.wait(longest=LONG)
    except TimeoutError:
        return False
    return True


async def test_it_rings_at_first_and_then_at_set_times() -> None:
    alarm = Alarm(now)
    assert await rings(alarm, within=1)
    assert not await rings(alarm, within=0.05)
    alarm.ring()
    assert await rings(alarm, within=1)


async def test_ringing_wakes_the_waiter() -> None:
    alarm = Alarm(now)
    await alarm.wait(longest=LONG)
    waiting = asyncio.create_task(alarm.wait(longest=LONG))
    await asyncio.sleep(0)
    alarm.ring()
    await asyncio.wait_for(waiting, 1)


async def test_it_rings_at_each_of_its_moments_and_never_before() -> None:
    alarm = Alarm(now)
    await alarm.wait(longest=LONG)
    at = now() + timedelta(seconds=0.2)
    for _ in range(3):
        alarm.ring_at(at)
    alarm.ring_at(at + timedelta(seconds=0.5))
    for least in (at, at + timedelta(seconds=0.5)):
        assert await rings(alarm, within=2)
        assert now() >= least
    assert not await rings(alarm, within=0.05)


async def test_a_moment_that_is_set_while_it_waits_counts() -> None:
    alarm = Alarm(now)
    await alarm.wait(longest=LONG)
    waiting = asyncio.create_task(alarm.wait(longest=LONG))
    await asyncio.sleep(0)
    alarm.ring_at(now())
    await asyncio.wait_for(waiting, 2)


async def test_without_a_moment_it_is_waited_for_no_longer_than_asked() -> None:
    alarm = Alarm(now)
    await alarm.wait(longest=LONG)
    began = asyncio.get_running_loop().time()
    await alarm.wait(longest=SOON)
    assert asyncio.get_running_loop().time() - began < 1
