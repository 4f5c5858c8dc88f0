"""Where a score and its thresholds are drawn."""

import itertools

from domain.policy.facts.facts import ComparisonFacts
from service.console.charts.scores import WIDTH, ScoreChart, score_charts

THRESHOLDS = {"1e-3": 64.0, "1e-4": 69.0, "1e-5": 74.0, "1e-6": 79.9}


def chart(score: float, thresholds: dict[str, float] | None = None) -> ScoreChart:
    [made] = score_charts({"result_faceid": ComparisonFacts(score, thresholds or {}, None)})
    return made


def test_the_line_begins_below_everything_and_ends_at_100() -> None:
    made = chart(68.918, THRESHOLDS)
    assert made.start == 60
    assert [mark.level for mark in made.marks] == list(THRESHOLDS)
    assert chart(100, THRESHOLDS).x == WIDTH
    assert chart(12.5, THRESHOLDS).start == 0
    assert chart(0).x == 0


def test_labels_that_would_touch_take_another_line() -> None:
    made = chart(70, THRESHOLDS)
    for row in range(made.rows):
        xs = [mark.x for mark in made.marks if mark.row == row]
        assert all(right - left >= 50 for left, right in itertools.pairwise(xs))


def test_what_is_no_score_is_not_drawn() -> None:
    assert score_charts({"x": ComparisonFacts(float("nan"), {}, None)}) == []
    assert score_charts({"x": ComparisonFacts(101, {}, None)}) == []
    assert chart(50, {"1e-3": float("inf"), "1e-4": -1}).marks == ()
