"""The picture of a run: decisions per second and the time to a decision by offered load."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench.report.figures import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = {"product": "#00796b", "naive": "#b26a00"}
_SETTINGS: Final[dict[Any, Any]] = {"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9}


class Point(msgspec.Struct, frozen=True):
    """One side at one offered rate; latencies in ms."""

    offered: float
    decided: float
    p50: float
    p99: float


def points_of(figures: Sequence[Figure], side: str) -> list[Point]:
    """What the steady rates show about one side, by rate."""
    runs = [
        (figure.rounds["offered"], msgspec.to_builtins(figure.rounds.get(side)))
        for figure in figures
        if "offered" in figure.rounds
    ]
    points = [Point(rate, run["decided"], run["p50"], run["p99"]) for rate, run in runs if run is not None]
    return sorted(points, key=lambda point: point.offered)


def draw(figures: Sequence[Figure]) -> str:
    """The picture as SVG; the same for the same figures."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load
    from matplotlib.figure import Figure as Picture  # noqa: PLC0415 - as above

    with mpl.rc_context(_SETTINGS):
        picture = Picture(figsize=(7, 6), layout="constrained")
        rates, latencies = picture.subplots(2, 1, sharex=True)
        sides = {side: points_of(figures, side) for side in COLOURS}
        for side, points in sides.items():
            _draw(rates, latencies, points, side)
        _label(
            rates, latencies, most=max((each.offered for some in sides.values() for each in some), default=1)
        )
        drawn = io.StringIO()
        picture.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib ends lines with blanks, which git calls an error.
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())


def _draw(rates: "Axes", latencies: "Axes", points: Sequence[Point], side: str) -> None:
    colour = COLOURS[side]
    offered = [point.offered for point in points]
    rates.plot(offered, [point.decided for point in points], "o-", color=colour, label=side)
    for name, style in (("p50", "o-"), ("p99", "o--")):
        values: list[Any] = [getattr(point, name) for point in points]
        latencies.plot(offered, values, style, color=colour, label=f"{side}, {name}")


def _label(rates: "Axes", latencies: "Axes", *, most: float) -> None:
    rates.plot([0, most], [0, most], ":", color="#888888", label="offered", zorder=0)
    rates.set_ylabel("decisions per second")
    rates.set_title("One ingress and one worker, callbacks one by one", loc="left", fontsize=10)
    latencies.set_yscale("log")
    latencies.yaxis.set_major_formatter("{x:g}")
    latencies.set_ylabel("callback → decision, ms")
    latencies.set_xlabel("callbacks per second offered")
    for axes in (rates, latencies):
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
