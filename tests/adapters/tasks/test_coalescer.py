"""Group commit: items gather while a flush is under way, and each caller gets its own item's end."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tasks.coalescer import Coalescer


class Resource:
    """Something that takes groups: doubles each item, when `gate` is open; `bad` items spoil their group."""

    def __init__(self, *, bad: Sequence[int] = (), error: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.most_under_way = 0
        self._bad = set(bad)
        self._error = error or ValueError("bad item")

    async def flush(self, items: list[int]) -> list[int]:
        self.groups.append(items)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        if self._bad & set(items):
            raise self._error
        return [item * 2 for item in items]


def submitted(coalescer: Coalescer[int, int], items: Sequence[int]) -> list[asyncio.Task[int]]:
    return [asyncio.create_task(coalescer.submit(item)) for item in items]


async def turns(count: int = 5) -> None:
    """Let every task that can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_items_submitted_together_are_flushed_together() -> None:
    resource = Resource()
    coalescer = Coalescer[int, int](resource.flush)
    assert await asyncio.gather(*submitted(coalescer, [3, 1, 2])) == [6, 2, 4]
    assert resource.groups == [[3, 1, 2]]


async def test_a_single_item_goes_out_at_once() -> None:
    resource = Resource()
    coalescer = Coalescer[int, int](resource.flush)
    assert await coalescer.submit(1) == 2
    assert await coalescer.submit(2) == 4
    assert resource.groups == [[1], [2]]


async def test_items_gather_while_a_flush_is_under_way() -> None:
    resource = Resource()
    resource.gate.clear()
    coalescer = Coalescer[int, int](resource.flush)
    first = submitted(coalescer, [1])
    await turns()
    later = [task for item in (2, 3, 4) for task in submitted(coalescer, [item])]
    await turns()
    assert resource.groups == [[1]]
    resource.gate.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8]
    assert resource.groups == [[1], [2, 3, 4]]


async def test_a_group_has_at_most_max_items() -> None:
    resource = Resource()
    coalescer = Coalescer[int, int](resource.flush, max_items=3)
    await asyncio.gather(*submitted(coalescer, range(8)))
    assert resource.groups == [[0, 1, 2], [3, 4, 5], [6, 7]]


@pytest.mark.parametrize("lanes", [1, 2, 3])
async def test_as_many_flushes_run_at_once_as_there_are_lanes(lanes: int) -> None:
    resource = Resource()
    resource.gate.clear()
    coalescer = Coalescer[int, int](resource.flush, max_items=1, lanes=lanes)
    tasks = submitted(coalescer, range(6))
    await turns()
    assert resource.under_way == lanes
    resource.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8, 10]
    assert resource.most_under_way == lanes


async def test_one_bad_item_fails_alone() -> None:
    resource = Resource(bad=[2])
    coalescer = Coalescer[int, int](resource.flush)
    ends = await asyncio.gather(*submitted(coalescer, [1, 2, 3]), return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["int", "ValueError", "int"]
    assert resource.groups == [[1, 2, 3], [1], [2], [3]]


async def test_of_many_items_at_once_each_gets_its_own_result() -> None:
    resource = Resource(bad=[2])
    coalescer = Coalescer[int, int](resource.flush)
    ends = await coalescer.submit_all([1, 2, 3])
    assert [end if isinstance(end, int) else type(end) for end in ends] == [2, ValueError, 6]
    assert await coalescer.submit_all([]) == []


async def test_a_single_bad_item_is_not_tried_twice() -> None:
    resource = Resource(bad=[1])
    with pytest.raises(ValueError, match="bad item"):
        await Coalescer[int, int](resource.flush).submit(1)
    assert resource.groups == [[1]]


async def test_a_systemic_error_fails_all_at_once() -> None:
    resource = Resource(bad=[2], error=ConnectionError("away"))
    coalescer = Coalescer[int, int](resource.flush, systemic=(OSError,))
    ends = await asyncio.gather(*submitted(coalescer, [1, 2, 3]), return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["ConnectionError"] * 3
    assert resource.groups == [[1, 2, 3]]


async def test_a_systemic_error_that_may_be_one_items_alone_fails_that_one() -> None:
    resource = Resource(bad=[2], error=ConnectionResetError("perhaps the item"))
    coalescer = Coalescer[int, int](resource.flush, systemic=(OSError,), alone=(ConnectionResetError,))
    ends = await asyncio.gather(*submitted(coalescer, [1, 2, 3]), return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["int", "ConnectionResetError", "int"]


async def test_an_exception_among_the_results_fails_its_item_alone() -> None:
    async def flush(items: list[int]) -> list[int | Exception]:
        return [ValueError("locked") if item == 2 else item for item in items]

    ends = await asyncio.gather(*submitted(Coalescer[int, int](flush), [1, 2, 3]), return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["int", "ValueError", "int"]


async def test_after_a_failure_the_next_items_are_taken() -> None:
    resource = Resource(bad=[1], error=ConnectionError("away"))
    coalescer = Coalescer[int, int](resource.flush, systemic=(OSError,))
    with pytest.raises(ConnectionError):
        await coalescer.submit(1)
    assert await coalescer.submit(2) == 4


@pytest.mark.parametrize("bad", [[], [1], [2]], ids=["all good", "the cancelled one bad", "another bad"])
async def test_a_cancelled_caller_does_not_affect_others(bad: list[int]) -> None:
    resource = Resource(bad=bad)
    resource.gate.clear()
    coalescer = Coalescer[int, int](resource.flush)
    cancelled, *others = submitted(coalescer, [1, 2, 3])
    await turns()
    cancelled.cancel()
    await turns()
    resource.gate.set()
    ends = await asyncio.gather(cancelled, *others, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert [item for item, end in zip((2, 3), ends[1:], strict=True) if isinstance(end, int)] == [
        item for item in (2, 3) if item not in bad
    ]


@settings(max_examples=60, deadline=None)
@given(
    waves=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    bad=st.sets(st.integers(0, 41), max_size=4),
    max_items=st.integers(1, 5),
    lanes=st.integers(1, 3),
)
def test_whatever_the_load_everyone_gets_an_own_end_in_order(
    waves: list[int], bad: set[int], max_items: int, lanes: int
) -> None:
    async def scenario() -> None:
        resource = Resource(bad=list(bad))
        coalescer = Coalescer[int, int](resource.flush, max_items=max_items, lanes=lanes)
        tasks: list[asyncio.Task[int]] = []
        for size in waves:
            tasks += submitted(coalescer, range(len(tasks), len(tasks) + size))
            await asyncio.sleep(0)
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        for item, end in enumerate(ends):
            assert isinstance(end, ValueError) if item in bad else end == item * 2
        assert max(map(len, resource.groups)) <= max_items
        assert resource.most_under_way <= lanes
        # Without the groups that were tried again item by item, nothing overtakes.
        if lanes == 1 and not bad:
            assert [item for group in resource.groups for item in group] == list(range(len(tasks)))

    asyncio.run(scenario())


async def test_a_caller_woken_by_a_group_joins_the_next_one() -> None:
    resource = Resource()
    resource.gate.clear()
    coalescer = Coalescer[int, int](resource.flush)

    async def submit_again() -> int:
        return await coalescer.submit(await coalescer.submit(1) + 1)

    again = asyncio.create_task(submit_again())
    await turns()
    waiting = submitted(coalescer, [10])
    await turns()
    resource.gate.set()
    assert await asyncio.gather(again, *waiting) == [6, 20]
    assert resource.groups == [[1], [10, 3]]


LONG = 3600.0
"""A pace that no test waits for."""


async def test_a_pace_delays_nothing_after_a_pause() -> None:
    resource, pace = Resource(), 0.001
    coalescer = Coalescer(resource.flush, pace=pace, enough=3)
    for groups in ([[1]], [[1], [1]]):
        waiting = submitted(coalescer, [1])
        await turns()
        assert resource.groups == groups
        await asyncio.gather(*waiting)
        await asyncio.sleep(2 * pace)


async def test_a_pace_gathers_items_that_follow_closely_until_there_are_enough() -> None:
    resource = Resource()
    coalescer = Coalescer(resource.flush, pace=LONG, enough=3)
    await coalescer.submit(1)
    waiting = submitted(coalescer, [2])
    await turns()
    waiting += submitted(coalescer, [3])
    await turns()
    assert resource.groups == [[1]]
    waiting += submitted(coalescer, [4])
    assert await asyncio.gather(*waiting) == [4, 6, 8]
    assert resource.groups == [[1], [2, 3, 4]]


async def test_a_pace_ends() -> None:
    resource = Resource()
    coalescer = Coalescer(resource.flush, pace=0.001, enough=3)
    assert [await coalescer.submit(item) for item in range(4)] == [0, 2, 4, 6]


async def test_a_second_lane_never_flushes_an_empty_group() -> None:
    groups: list[list[int]] = []

    async def flush(items: list[int]) -> list[int]:
        groups.append(items)
        return items

    coalescer = Coalescer[int, int](flush, lanes=2)
    assert list(await asyncio.gather(coalescer.submit(1), coalescer.submit(2))) == [1, 2]
    assert groups == [[1, 2]]
