"""Figures: what is compared with a target, and rows without a peer."""

import pytest

from bench.report.console import spread, target_of, verdict
from bench.report.figures import NOT_MEASURED, Figure, cost_figure, limit, rate_figure


@pytest.mark.parametrize(
    ("value", "at_most", "ok"),
    [(5.0, False, True), (4.9, False, False), (5.0, True, True), (5.1, True, False), (None, False, True)],
)
def test_figure_meets_its_target_or_was_not_measured(value: float | None, at_most: bool, ok: bool) -> None:
    assert Figure("f", "", "", value, 5.0, at_most).ok is ok


def test_figure_without_a_target_is_information() -> None:
    assert Figure("f", "", "", 0.1).ok


def test_rates_are_compared_by_their_medians() -> None:
    figure = rate_figure("n", {"product": [1, 50, 60], "naive": [10, 9, 11]}, "naive", target=5)
    assert (figure.name, figure.value, figure.ok) == ("n : naive", 5.0, True)


def test_peer_that_could_not_be_installed_is_not_measured() -> None:
    rate = rate_figure("n", {"product": [5]}, "Fastify", target=2)
    cost = cost_figure("n", {"product": [5]}, peer="Fastify")
    assert {(figure.peer, figure.value, figure.ok) for figure in (rate, cost)} == {(NOT_MEASURED, None, True)}


def test_processor_time_is_better_when_it_is_less() -> None:
    assert cost_figure("n", {"product": [100], "naive": [400]}).value == 4


def test_limit_shows_value_unit_and_note() -> None:
    figure = limit("n", 12.345, "ms", target=20, note="slowest")
    assert (figure.product, target_of(figure), figure.ok) == ("12.3 ms (slowest)", "≤ 20 ms", True)


def test_verdict_says_what_was_missed_and_what_was_not_measured() -> None:
    met, missed, absent = (Figure("f", "", "", value, 5.0) for value in (6.0, 4.0, None))
    assert ("ok" in verdict(met), "MISS" in verdict(missed)) == (True, True)
    assert verdict(absent) == NOT_MEASURED
    assert target_of(met) == "≥ 5×"


def test_spread_is_that_of_the_noisier_side() -> None:
    assert spread(Figure("f", "", "", 1, rates={"product": [10, 11], "naive": [4, 6]})) == 1.5
    assert spread(Figure("f", "", "", 1)) == 1
