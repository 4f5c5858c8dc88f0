"""The guards that `make mutations` takes away are where it looks for them."""

import pytest

from tests.mutations.guards import GUARDS, MUTATIONS
from tests.mutations.mutation import Mutation
from tests.mutations.tree import ROOT, mutated


def name(mutation: Mutation) -> str:
    return f"{mutation.guard}, {mutation.file}"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name)
def test_each_mutation_matches_its_file_once(mutation: Mutation) -> None:
    assert mutated(mutation) != (ROOT / mutation.file).read_text("utf-8")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name)
def test_each_test_that_must_notice_exists(mutation: Mutation) -> None:
    for test in mutation.tests:
        file, _, function = test.partition("::")
        assert f"def {function.partition('[')[0]}(" in (ROOT / file).read_text("utf-8")


def test_every_guard_is_taken_away() -> None:
    assert {mutation.guard for mutation in MUTATIONS} == set(GUARDS)
    assert len(GUARDS) == len(set(GUARDS)) >= 12


def test_a_guard_that_has_moved_is_missed() -> None:
    gone = MUTATIONS[0]._replace(old="this occurs nowhere")
    with pytest.raises(ValueError, match="occurs 0 times"):
        mutated(gone)
