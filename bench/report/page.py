"""The figures of a whole run as a page, bench/results.md."""

from typing import Final

from bench.report.console import describe, target_of
from bench.report.figures import NOT_MEASURED, RATIO, Figure
from bench.report.results import Results

_HEAD: Final = """# The last whole run

`make bench` writes this page, `results.json` with every round, and `results.svg`.
What each row means is in [README.md](README.md).

{machine}

| figure | product | peer | ratio | target | |
|---|---|---|---|---|---|
"""


def write_page(results: Results) -> str:
    """The page in Markdown; the same for the same results."""
    rows = "".join(f"| {' | '.join(_cells(figure))} |\n" for figure in results.figures)
    return _HEAD.format(machine=describe(results.machine)) + rows


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = f"{figure.value:.2f}×" if figure.unit == RATIO and figure.value is not None else ""
    return figure.name, figure.product, figure.peer, ratio, target_of(figure), _verdict(figure)


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    if figure.value is None:
        return NOT_MEASURED
    return "ok" if figure.ok else "**missed**"
