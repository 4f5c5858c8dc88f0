"""Outcomes over time, as stacked bars."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from domain.model import Outcome
from domain.views.outcomes import HourOfOutcomes

WIDTH: Final = 400
HEIGHT: Final = 100
_GAP: Final = 0.18
_STEPS: Final = (1, 2, 5)


class Part(msgspec.Struct, frozen=True):
    """A piece of a bar."""

    outcome: str
    count: int
    y: float
    height: float


class Bar(msgspec.Struct, frozen=True):
    """The decisions of one hour or day. `is_capped`: there were more than were counted."""

    at: datetime
    x: float
    width: float
    parts: tuple[Part, ...]
    total: int
    is_capped: bool

    @property
    def counts(self) -> dict[str, int]:
        """The decisions by outcome; those without any are missing."""
        return {part.outcome: part.count for part in self.parts}


class OutcomeChart(msgspec.Struct, frozen=True):
    """`top`: the value of the upper line. `totals`: by outcome, over all bars."""

    bars: tuple[Bar, ...]
    top: int
    totals: dict[str, int]

    @property
    def total(self) -> int:
        """All decisions."""
        return sum(self.totals.values())

    @property
    def is_capped(self) -> bool:
        """Whether a bar is too short."""
        return any(bar.is_capped for bar in self.bars)


class _Span(msgspec.Struct):
    at: datetime
    counts: Counter[str]
    is_capped: bool = False


def by_hour(hours: Iterable[HourOfOutcomes], *, count: int) -> OutcomeChart:
    """The last `count` hours, over all apps."""
    return _chart(_spans(hours, lambda hour: hour)[-count:])


def by_day(hours: Iterable[HourOfOutcomes], zone: tzinfo) -> OutcomeChart:
    """The days of these hours, in the reader's zone."""

    def day_of(hour: datetime) -> datetime:
        return hour.astimezone(zone).replace(hour=0)

    return _chart(_spans(hours, day_of))


def _spans(hours: Iterable[HourOfOutcomes], start_of: Callable[[datetime], datetime]) -> list[_Span]:
    spans: dict[datetime, _Span] = {}
    for each in hours:
        at = start_of(each.hour)
        span = spans.setdefault(at, _Span(at, Counter()))
        span.counts.update(each.counts)
        span.is_capped |= each.is_capped
    return [spans[at] for at in sorted(spans)]


def _chart(spans: Sequence[_Span]) -> OutcomeChart:
    top = _round_up(max((sum(span.counts.values()) for span in spans), default=0))
    step = WIDTH / max(1, len(spans))
    bars = tuple(_bar(span, n * step, step, top) for n, span in enumerate(spans))
    totals = Counter[str]()
    for span in spans:
        totals.update(span.counts)
    return OutcomeChart(bars, top, {outcome.value: totals[outcome] for outcome in Outcome})


def _bar(span: _Span, x: float, step: float, top: int) -> Bar:
    parts, y = [], float(HEIGHT)
    for outcome in Outcome:
        if count := span.counts[outcome]:
            height = count / top * HEIGHT
            y -= height
            parts.append(Part(outcome.value, count, round(y, 2), round(height, 2)))
    left, width = x + step * _GAP / 2, step * (1 - _GAP)
    total = sum(span.counts.values())
    return Bar(span.at, round(left, 2), round(width, 2), tuple(parts), total, span.is_capped)


def _round_up(most: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= most:
                return step * size
        size *= 10
