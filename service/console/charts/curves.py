"""Threshold curves: the share of verifications that reaches each false-accept level."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec

from domain.policy.curve import CurvePoint

WIDTH: Final = 300
HEIGHT: Final = 100


class Spot(msgspec.Struct, frozen=True):
    """A point of a curve, and where it is drawn."""

    point: CurvePoint
    x: float
    y: float


class CurveChart(msgspec.Struct, frozen=True):
    """The curve of one comparison, from the loosest level to the strictest. `path`: the line as SVG."""

    name: str
    verifications: int
    spots: tuple[Spot, ...]
    path: str


def curve_charts(points: Sequence[CurvePoint]) -> list[CurveChart]:
    """A chart for each comparison; each has its own, since lines in one chart would hide each other."""
    return [_chart(name, list(line)) for name, line in groupby(points, lambda point: point.comparison)]


def _chart(name: str, line: Sequence[CurvePoint]) -> CurveChart:
    step = WIDTH / max(1, len(line) - 1)
    spots = tuple(
        Spot(point, round(number * step, 1), round(HEIGHT * (1 - point.share), 1))
        for number, point in enumerate(line)
    )
    path = " ".join(f"{'L' if number else 'M'}{spot.x} {spot.y}" for number, spot in enumerate(spots))
    return CurveChart(name, line[0].verifications, spots, path)
