"""The picture: drawn from the steady rates, also of saved results."""

from pathlib import Path
from xml.etree import ElementTree

from bench.measures.ingress.steady import Run
from bench.report.figures import Figure
from bench.report.picture import draw, points_of
from bench.report.results import Results, load, save
from tests.project.bench.test_results import MACHINE


def figures() -> list[Figure]:
    fast, slow = Run(300, 0, 300, 20, 60, 1, 2, 3, 4), Run(100, 0, 100, 10, 30, 1, 2, 3, 4)
    behind = Run(300, 80, 220, 900, 1_800, 1, 2, 3, 4)
    return [
        Figure("other", "", "", 1.0),
        Figure("fast", "", "", 0, rounds={"offered": 300, "product": fast, "naive": behind}),
        Figure("slow", "", "", 0, rounds={"offered": 100, "product": slow, "naive": None}),
    ]


def test_points_are_in_order_of_the_offered_rate() -> None:
    assert [(point.offered, point.p99) for point in points_of(figures(), "product")] == [(100, 30), (300, 60)]
    assert [point.decided for point in points_of(figures(), "naive")] == [220]


def test_saved_results_draw_the_same_picture(tmp_path: Path) -> None:
    save(Results(MACHINE, figures()), tmp_path / "results.json")
    loaded = load(tmp_path / "results.json")
    assert loaded is not None
    assert draw(loaded.figures) == draw(figures())


def test_picture_is_svg_with_both_sides_and_their_latencies() -> None:
    root = ElementTree.fromstring(draw(figures()))
    texts = {"".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"product", "naive", "offered", "product, p50", "naive, p99"} <= texts


def test_picture_without_steady_rates_is_empty_but_valid() -> None:
    ElementTree.fromstring(draw([]))
