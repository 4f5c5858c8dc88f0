"""A caller that waits for a slot blocks no other, and one that breaks off leaves no slot taken."""

import asyncio
from datetime import timedelta

import pytest

from domain.limits.concurrency import FIRST_LIMIT
from tests.support.storage.stores import Clock
from tests.support.workers.jobs import TIMED_OUT, answered
from usecases.process.slots import Slots
from usecases.process.vendor_gates import RULES, Call, LeftAlone, VendorGates

GOOD = answered(b"{}")


class Door:
    """Gates with room for two answers, as `usecases.pulls.call` uses them."""

    def __init__(self, clock: Clock, *, in_flight: int = 64, room: int = 2, pool: int = 256) -> None:
        self.gates = VendorGates(in_flight=in_flight, monotonic=clock.monotonic, pool=pool)
        self.room = Slots(room)
        self.waiting: list[asyncio.Task[Call | LeftAlone]] = []

    async def come(self, app_id: str) -> Call | LeftAlone | None:
        """The immediate answer to a call that needs room; None: it waits."""
        task = asyncio.create_task(self.gates.enter(app_id, room=self.room))
        await turns()
        if task.done():
            return task.result()
        self.waiting.append(task)
        return None

    async def begin(self, app_id: str, count: int = 1) -> list[Call]:
        """Begin calls that find their slots."""
        calls = [await self.come(app_id) for _ in range(count)]
        return [call for call in calls if isinstance(call, Call)]

    async def end(self, *calls: Call) -> None:
        for call in calls:
            self.gates.ended(call, GOOD)
            self.gates.leave(call)
            self.gates.forget(call)
        await turns()

    def let_in(self) -> list[Call]:
        """The calls that have waited and begin now."""
        ready = [task.result() for task in self.waiting if task.done()]
        self.waiting = [task for task in self.waiting if not task.done()]
        return [call for call in ready if isinstance(call, Call)]

    async def break_off(self) -> None:
        for task in self.waiting:
            task.cancel()
        await asyncio.gather(*self.waiting, return_exceptions=True)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_call_waiting_for_its_apps_limit_holds_no_room(clock: Clock) -> None:
    door = Door(clock, in_flight=1)
    assert len(await door.begin("slow", 5)) == 1
    assert len(await door.begin("other")) == 1


async def test_a_call_waiting_for_room_holds_no_slot_of_the_pool(clock: Clock) -> None:
    door = Door(clock, pool=3)
    assert len(await door.begin("pictures", 5)) == 2
    assert isinstance(await door.gates.enter("other"), Call)


@pytest.mark.parametrize(
    ("in_flight", "room", "pool"), [(2, 9, 9), (9, 2, 9), (9, 9, 2)], ids=["limit", "room", "pool"]
)
async def test_a_request_cancelled_while_waiting_leaves_every_slot_free(
    clock: Clock, in_flight: int, room: int, pool: int
) -> None:
    door = Door(clock, in_flight=in_flight, room=room, pool=pool)
    begun = await door.begin("demo", 5)
    assert len(begun) == 2
    await door.break_off()
    await door.end(*begun)
    assert len(await door.begin("demo", 5)) == 2


async def test_a_request_cancelled_as_its_turn_comes_gives_everything_back(clock: Clock) -> None:
    door = Door(clock, pool=1)
    [begun] = await door.begin("demo", 2)
    door.gates.leave(begun)
    door.gates.forget(begun)
    await door.break_off()
    [begun] = await door.begin("demo")
    await door.end(begun)
    assert len(await door.begin("demo")) == 1


async def test_after_waiting_for_room_the_circuit_is_checked_again(clock: Clock) -> None:
    door = Door(clock)
    begun = await door.begin("demo", 4)
    for _ in range(RULES.threshold):
        door.gates.ended(begun[0], TIMED_OUT)
    await door.end(begun[1])
    assert [task.result() for task in door.waiting] == [LeftAlone(RULES.first_pause)] * 2


async def test_after_waiting_for_room_the_stop_is_checked_again(clock: Clock) -> None:
    door = Door(clock)
    begun = await door.begin("demo", 4)
    door.gates.stop()
    await door.end(begun[0])
    assert [task.result() for task in door.waiting] == [LeftAlone(timedelta(0))] * 2


async def test_a_waiting_call_does_not_change_the_vendors_limit(clock: Clock) -> None:
    door = Door(clock)
    begun = await door.begin("demo", 40)
    while begun:
        await door.end(*begun)
        begun = door.let_in()
    door.room = Slots(100)
    assert len(await door.begin("demo", 40)) == FIRST_LIMIT
