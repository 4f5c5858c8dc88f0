"""A key store that is another one, or older than the data under it, is not used."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.identity.keys.epochs import KeyStoreState
from domain.identity.keys.marks import trouble_of_store

KNOWN = KeyStoreState(UUID(int=1), epochs=5, destroyed=2, erased=7)


def seen(**changes: Any) -> KeyStoreState:
    return msgspec.structs.replace(KNOWN, **changes)


@pytest.mark.parametrize("state", [KNOWN, KeyStoreState(UUID(int=9), 0, 0, 0)])
def test_the_first_store_may_be_any(state: KeyStoreState) -> None:
    assert trouble_of_store(None, state) is None


@pytest.mark.parametrize(
    "changes",
    [{}, {"epochs": 6}, {"destroyed": 3}, {"erased": 8}, {"epochs": 9, "destroyed": 9, "erased": 9}],
)
def test_the_same_store_may_only_have_more(changes: dict[str, int]) -> None:
    assert trouble_of_store(KNOWN, seen(**changes)) is None


@pytest.mark.parametrize("changes", [{}, {"epochs": 99, "destroyed": 99, "erased": 99}, {"erased": 0}])
def test_another_store_is_refused_whatever_it_has(changes: dict[str, int]) -> None:
    trouble = trouble_of_store(KNOWN, seen(id=UUID(int=2), **changes))
    assert trouble == "this is another key store than the one that the data's keys are in"


def test_an_empty_store_reminds_of_a_disk_that_is_not_mounted() -> None:
    trouble = trouble_of_store(KNOWN, KeyStoreState(UUID(int=2), 0, 0, 0))
    assert trouble is not None
    assert trouble.endswith("; it is empty, as on a disk that is not mounted")


@pytest.mark.parametrize(
    "changes",
    [{"destroyed": 1}, {"erased": 6}, {"destroyed": 1, "epochs": 99}, {"erased": 6, "destroyed": 99},
     {"erased": 0, "epochs": 0}],
)  # fmt: skip
def test_a_store_that_undoes_an_erasure_is_refused(changes: dict[str, int]) -> None:
    trouble = trouble_of_store(KNOWN, seen(**changes))
    assert trouble == "this key store was rolled back: it lacks destroyed epochs or erasures"


@pytest.mark.parametrize("changes", [{"epochs": 4}, {"epochs": 0, "destroyed": 9, "erased": 9}])
def test_a_store_without_keys_of_the_data_is_refused(changes: dict[str, int]) -> None:
    trouble = trouble_of_store(KNOWN, seen(**changes))
    assert trouble == "this key store was rolled back: it lacks epochs that data is under"
