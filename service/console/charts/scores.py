"""A score against its thresholds, on a line that ends at 100 and begins below all of them."""

from collections.abc import Mapping
from typing import Final

import msgspec

from domain.policy.facts.facts import ComparisonFacts

WIDTH: Final = 300
"""Units of the drawing that the line takes."""
_STEP: Final = 20
_APART: Final = 56
"""Units between two labels that do not touch."""


class Mark(msgspec.Struct, frozen=True):
    """A threshold; `row` 0 or more: in which line its label is, so that labels do not cover each other."""

    level: str
    score: float
    x: float
    row: int


class ScoreChart(msgspec.Struct, frozen=True):
    """The score of one comparison. `level`: the strictest it reaches."""

    name: str
    score: float
    x: float
    level: str | None
    marks: tuple[Mark, ...]
    start: int = 0

    @property
    def rows(self) -> int:
        """How many lines the labels take."""
        return 1 + max((mark.row for mark in self.marks), default=0)


def score_charts(comparisons: Mapping[str, ComparisonFacts]) -> list[ScoreChart]:
    """A chart for each comparison with a score between 0 and 100."""
    return [_chart(name, each) for name, each in comparisons.items() if 0 <= each.confidence <= 100]


def _chart(name: str, of: ComparisonFacts) -> ScoreChart:
    thresholds = {level: score for level, score in of.thresholds.items() if 0 <= score <= 100}
    start = _start(min([of.confidence, *thresholds.values()]))
    marks = _marks(thresholds, start)
    return ScoreChart(name, of.confidence, _x(of.confidence, start), of.level, marks, start)


def _start(lowest: float) -> int:
    """Where the line begins: a multiple of 20."""
    return min(80, int(lowest // _STEP) * _STEP)


def _marks(thresholds: Mapping[str, float], start: int) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    ends: list[float] = []
    for level, score in sorted(thresholds.items(), key=lambda each: each[1]):
        x = _x(score, start)
        row = next((n for n, end in enumerate(ends) if x - end >= _APART), len(ends))
        ends[row : row + 1] = [x]
        marks.append(Mark(level, score, x, row))
    return tuple(marks)


def _x(score: float, start: int) -> float:
    return round((score - start) / (100 - start) * WIDTH, 1)
