"""A batch id contains the acceptance time and the number of callbacks."""

import time
from collections.abc import Callable

import pytest

from adapters.sealing.batch_ids import accepted_ms, is_retry, new_batch_id, new_retry_id, part_id


@pytest.mark.parametrize("new_id", [new_batch_id, new_retry_id])
def test_a_batch_id_contains_its_acceptance_time(new_id: Callable[[int], str]) -> None:
    before = time.time_ns() // 1_000_000
    batch_id = new_id(32)
    for each in (batch_id, part_id(batch_id, 31)):
        at = accepted_ms(each)
        assert at is not None
        assert before <= at <= time.time_ns() // 1_000_000


def test_an_id_ends_with_the_number_of_callbacks_and_a_parts_does_not() -> None:
    batch_id = new_batch_id(32)
    assert batch_id.endswith(".32")
    assert part_id(batch_id, 4).endswith(".32-4")


@pytest.mark.parametrize(("new_id", "retried"), [(new_batch_id, False), (new_retry_id, True)])
def test_an_id_and_its_parts_tell_whether_they_hold_retried_letters(
    new_id: Callable[[int], str], *, retried: bool
) -> None:
    batch_id = new_id(32)
    assert is_retry(batch_id) is is_retry(part_id(batch_id, 0)) is retried


@pytest.mark.parametrize("batch_id", ["b1", "", "0f5c8a" * 5 + "00", "0123456789ab.3"])
def test_other_ids_tell_nothing(batch_id: str) -> None:
    assert accepted_ms(batch_id) is None


def test_no_two_ids_are_the_same() -> None:
    assert len({new_batch_id(1) for _ in range(1000)}) == 1000
