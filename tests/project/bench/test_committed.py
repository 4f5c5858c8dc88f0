"""The committed results are of one run, and the page about capacity says what they say."""

import re
from pathlib import Path
from typing import Final

import pytest

from bench.report.page import write_page
from bench.report.picture import draw
from bench.report.results import RESULTS, Results, load, save
from tests.project.bench.test_picture import figures
from tests.project.bench.test_results import MACHINE

DOCS: Final = RESULTS.parent.parent / "docs"

CLAIMS: Final = (
    (r"([\d,]+) accepted callbacks a second with `fsync`", "accepted/s, fsync : naive", 0),
    (r"([\d,]+) with `memory`", "accepted/s, memory : naive", 0),
    (r"`worker` \| ([\d,]+) decisions a second", "decisions/s of one worker : naive", 0),
    (r"keeps up with ([\d,]+) a second", "highest rate kept up with", 0),
    (r"([\d,]+) lookups a second", "lookups/s at 2,000 : naive", 0),
    (r"([\d,]+) among 1,000,000", "lookups/s at 1,000,000 : naive", 0),
    (r"tables and indexes \| ([\d,]+)", "disk per verification", 0),
    (r"write-ahead log \| ([\d,]+)", "write-ahead log per verification", 0),
    (r"\| ingress \| [\d,]+ \| ([\d,]+)", "CPU µs of all parts at 900/s", 0),
    (r"\| worker \| [\d,]+ \| ([\d,]+)", "CPU µs of all parts at 900/s", 1),
    (r"\| PostgreSQL \| [\d,]+ \| ([\d,]+)", "CPU µs of all parts at 900/s", 2),
    (r"\| ingress \| [\d,]+ \| [\d,]+ \| ([\d,]+)", "CPU µs per accepted callback, fsync", 0),
    (r"\| worker \| [\d,]+ \| [\d,]+ \| ([\d,]+)", "CPU µs of the worker per decision", 0),
    (r"\| PostgreSQL \| [\d,]+ \| [\d,]+ \| ([\d,]+)", "CPU µs of PostgreSQL per decision", 0),
)
"""A number on the page, the figure that it rounds, and which number of the product's it is."""

APART: Final = 1.5
"""Two runs on one virtual machine differ by less."""


@pytest.fixture(scope="module")
def committed() -> Results:
    """The results of the last whole run, where there are any."""
    results = load()
    if results is None:
        pytest.skip("no whole run is here")
    return results


def test_page_and_picture_are_of_the_same_run(committed: Results) -> None:
    assert RESULTS.with_suffix(".md").read_text("utf-8") == write_page(committed)
    assert RESULTS.with_suffix(".svg").read_text("utf-8") == draw(committed.figures)


def test_capacity_is_what_was_measured(committed: Results) -> None:
    page = (DOCS / "capacity.md").read_text("utf-8")
    measured = {figure.name: figure.product for figure in committed.figures}
    for pattern, name, place in CLAIMS:
        claimed, found = _numbers(_only(pattern, page))[0], _numbers(measured[name])[place]
        assert found / APART <= claimed <= found * APART, (pattern, claimed, found)


def test_both_languages_have_the_same_numbers() -> None:
    english, chinese = (_tables(DOCS / name) for name in ("capacity.md", "capacity.zh.md"))
    assert [sorted(row) for row in english] == [sorted(row) for row in chinese]


def test_saved_results_make_the_same_page(tmp_path: Path) -> None:
    results = Results(MACHINE, figures())
    save(results, tmp_path / "results.json")
    loaded = load(tmp_path / "results.json")
    assert loaded is not None
    assert write_page(loaded) == write_page(results)
    assert "| other |  |  | 1.00× |  |  |\n" in write_page(results)


def _only(pattern: str, page: str) -> str:
    [number] = re.findall(pattern, page)
    return str(number)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def _tables(page: Path) -> list[list[float]]:
    """The numbers of each row of its tables."""
    return [_numbers(line) for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
