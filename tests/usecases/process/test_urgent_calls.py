"""A call that cannot wait goes through an open circuit, and leaves the probe its place."""

import asyncio
from datetime import timedelta

from tests.support.storage.stores import Clock
from tests.support.workers.gates import FAULT, GOOD, begin, call, end, gates, open_circuit
from usecases.process.vendor_gates import RULES, Call


async def test_a_fault_of_the_urgent_does_not_put_off_the_probe(clock: Clock) -> None:
    door = gates(clock)
    await open_circuit(door)
    clock.go_on(timedelta(seconds=2))
    for _ in range(3):
        assert await call(door, FAULT, patience=None) is None
    assert await call(door, GOOD) == RULES.first_pause - timedelta(seconds=2)
    clock.go_on(RULES.first_pause - timedelta(seconds=2))
    assert await call(door, FAULT) is None, "the probe"
    assert await call(door, GOOD) == RULES.first_pause * 2


async def test_an_urgent_caller_without_a_call_permits_no_second_probe(clock: Clock) -> None:
    door = gates(clock)
    await open_circuit(door)
    urgent = await door.enter("demo", patience=None)
    assert isinstance(urgent, Call)
    door.leave(urgent)
    assert await call(door, GOOD) == RULES.first_pause, "before the pause is over"
    clock.go_on(RULES.first_pause)
    assert await call(door, GOOD) is None


async def test_an_urgent_call_does_not_replace_the_probe(clock: Clock) -> None:
    door = gates(clock)
    await open_circuit(door)
    urgent = await door.enter("demo", patience=None)
    assert isinstance(urgent, Call)
    clock.go_on(RULES.first_pause)
    probing = asyncio.create_task(begin(door))
    await asyncio.sleep(0)
    assert not probing.done(), "one at a time, where the vendor is at fault"
    end(door, urgent, FAULT)
    probe = await probing
    assert door.circuits() == {"demo": "half_open"}
    end(door, probe, GOOD)
    assert door.circuits() == {}


async def test_once_the_pause_is_over_the_urgent_is_the_probe(clock: Clock) -> None:
    door = gates(clock)
    await open_circuit(door)
    clock.go_on(RULES.first_pause)
    urgent = await door.enter("demo", patience=None)
    assert isinstance(urgent, Call)
    assert await call(door, GOOD) is not None, "the probe is under way"
    end(door, urgent, FAULT)
    assert await call(door, GOOD) == RULES.first_pause * 2


async def test_a_good_answer_to_the_urgent_closes_the_circuit(clock: Clock) -> None:
    door = gates(clock)
    await open_circuit(door)
    assert await call(door, GOOD, patience=None) is None
    assert await call(door, GOOD) is None
