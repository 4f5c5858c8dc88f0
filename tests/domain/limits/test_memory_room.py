"""The ingress fills Redis up to a mark, and workers have the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits.memory_room import BETWEEN_LOOKS, MemoryRoom, MemoryRules, cost_of

MIB = 1024**2


@pytest.mark.parametrize(
    ("maxmemory", "mark"),
    [
        (0, 1024 * MIB),
        (4096 * MIB, 1024 * MIB),
        (1024 * MIB, 768 * MIB),
        (8 * MIB, 6 * MIB),
        (1, 0),
    ],
)
def test_the_mark_leaves_a_share_of_maxmemory_whatever_is_configured(maxmemory: int, mark: int) -> None:
    assert MemoryRules(high_water=1024 * MIB, share=0.75).stop_at(maxmemory) == mark


@pytest.mark.parametrize(
    ("room", "cost", "takes"),
    [
        (MemoryRoom(used=0, stop_at=100_000), 100_000, True),
        (MemoryRoom(used=0, stop_at=100_000), 100_001, False),
        (MemoryRoom(used=90_000, stop_at=100_000), 10_001, False),
        (MemoryRoom(used=100_000, stop_at=100_000), 1, False),
        (MemoryRoom(used=200_000, stop_at=100_000), 1, False),
        (MemoryRoom(used=0, stop_at=100_000, written=1), 24_999, True),
        (MemoryRoom(used=0, stop_at=100_000, written=1), 25_000, False),
        (MemoryRoom(used=0, stop_at=100_000, written=30_000), 1, False),
    ],
)
def test_a_part_of_what_is_left_may_be_written_before_the_next_look(
    room: MemoryRoom, cost: int, takes: bool
) -> None:
    assert room.takes(cost) is takes


@pytest.mark.parametrize(
    ("left", "full", "roomy"),
    [
        (0, True, False),
        (9_999, True, False),
        (10_000, False, False),
        (20_000, False, False),
        (20_001, False, True),
    ],
)
def test_it_is_full_with_next_to_nothing_left_and_no_longer_with_a_little_more(
    left: int, full: bool, roomy: bool
) -> None:
    room = MemoryRoom(used=160_000 - left, stop_at=160_000)
    assert (room.is_full, room.is_roomy) == (full, roomy)


def test_a_small_mark_is_full_when_no_small_batch_fits() -> None:
    room = MemoryRoom(used=1000, stop_at=5000)
    assert room.is_full
    assert not room.is_open
    assert MemoryRoom(used=500, stop_at=5000).is_open


def test_a_look_is_due_when_much_of_what_was_left_is_written() -> None:
    room = MemoryRoom(used=0, stop_at=160_000)
    assert not room.is_outdated
    assert not room.wrote(10_000).is_outdated
    assert room.wrote(10_001).is_outdated


@given(
    used=st.integers(0, 10**10),
    stop_at=st.integers(0, 10**10),
    costs=st.lists(st.integers(1, 10**8), max_size=60),
)
def test_writes_between_two_readings_never_pass_the_mark(used: int, stop_at: int, costs: list[int]) -> None:
    room = MemoryRoom(used, stop_at)
    for cost in costs:
        if room.takes(cost):
            room = room.wrote(cost)
    assert room.written <= room.left
    assert max(costs, default=0) > room.left // BETWEEN_LOOKS or room.written <= room.left // BETWEEN_LOOKS


def test_a_batch_costs_more_memory_than_its_bytes() -> None:
    assert cost_of(0) > 500
    assert cost_of(100_000) > 125_000
