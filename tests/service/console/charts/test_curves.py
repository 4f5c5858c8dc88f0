"""Where the points of a threshold curve are drawn."""

from domain.policy.curve import CurvePoint
from service.console.charts.curves import HEIGHT, WIDTH, curve_charts


def test_each_comparison_has_a_line_from_left_to_right() -> None:
    points = [
        CurvePoint("result_faceid", level, 10, reached, 0, reached / 10)
        for level, reached in (("1e-3", 10), ("1e-4", 5), ("1e-5", 0))
    ] + [CurvePoint("alone", "1e-3", 1, 1, 0, 1.0)]
    first, second = curve_charts(points)
    assert [(spot.x, spot.y) for spot in first.spots] == [(0, 0), (WIDTH / 2, HEIGHT / 2), (WIDTH, HEIGHT)]
    assert first.path == "M0.0 0.0 L150.0 50.0 L300.0 100.0"
    assert (second.name, second.path) == ("alone", "M0.0 0.0")


def test_nothing_gives_no_chart() -> None:
    assert curve_charts([]) == []
