"""Results: kept with every round, and compared with those of an earlier run."""

from pathlib import Path

import pytest

from bench.__main__ import judge
from bench.report.figures import Figure, Machine, limit
from bench.report.results import Results, load, save, worse_than

MACHINE = Machine("cpu", 2, True, "Python", "Valkey", "PostgreSQL", 0.1, "2026-01-01 00:00 UTC")


def ratio(value: float | None, *, target: float | None = None) -> Figure:
    return Figure("rate", "", "", value, target)


def test_saved_results_load_equal(tmp_path: Path) -> None:
    figure = Figure("f", "1", "2", 0.5, 1.0, rates={"product": [1.5]}, rounds={"offered": 100})
    save(Results(MACHINE, [figure]), tmp_path / "results.json")
    assert load(tmp_path / "results.json") == Results(MACHINE, [figure])


def test_no_file_is_no_earlier_run(tmp_path: Path) -> None:
    assert load(tmp_path / "results.json") is None


@pytest.mark.parametrize(
    ("before", "now", "worse"), [(2.0, 1.81, False), (2.0, 1.79, True), (2.0, 9.0, False)]
)
def test_ratio_is_worse_when_it_fell_by_more_than_a_tenth(before: float, now: float, worse: bool) -> None:
    assert bool(worse_than([ratio(before)], [ratio(now)])) is worse


@pytest.mark.parametrize(("now", "worse"), [(7_690, False), (7_710, True), (10, False)])
def test_maximum_is_worse_when_it_rose_by_more_than_a_tenth(now: float, worse: bool) -> None:
    assert bool(worse_than([limit("disk", 7_000, "B")], [limit("disk", now, "B")])) is worse


@pytest.mark.parametrize("unit", ["ms", "µs", "callbacks"])
def test_times_of_another_machine_are_not_compared(unit: str) -> None:
    assert not worse_than([limit("list", 1, unit)], [limit("list", 100, unit)])


@pytest.mark.parametrize(("before", "now"), [(None, 1.0), (1.0, None)])
def test_what_one_run_did_not_measure_is_not_compared(before: float | None, now: float | None) -> None:
    assert not worse_than([ratio(before)], [ratio(now)])


def test_new_figure_is_not_compared() -> None:
    assert not worse_than([], [ratio(0.1)])


def test_line_names_figure_and_both_values() -> None:
    assert worse_than([ratio(2.0)], [ratio(1.0)]) == ["rate: 2.00 × before, 1.00 × now"]


@pytest.mark.parametrize(("value", "target", "code"), [(2.0, 1.0, 0), (2.0, 3.0, 1), (1.0, None, 1)])
def test_strict_run_fails_for_a_missed_target_and_for_a_worse_figure(
    value: float, target: float | None, code: int
) -> None:
    assert judge([ratio(value, target=target)], before=[ratio(2.0)]) == code


def test_strict_run_without_an_earlier_one_looks_at_targets_alone() -> None:
    assert judge([ratio(0.5)], before=[]) == 0
