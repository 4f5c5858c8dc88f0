"""The figures of a run: one line per fault as it ends, a table at the end, all of it in a file."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil
import pytest

from tests.whole.faults.rig.oracle import Verdict

FILE: Final = Path("faults-results.json")

FIGURES: Final = "figures"

Figures = Mapping[str, Any]


class Row(NamedTuple):
    """What came of one fault; `end` is passed or failed."""

    fault: str
    end: str
    figures: Figures


class Notebook:
    """Where a test writes its figures."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}

    def note(self, **figures: Any) -> None:
        """Add figures, to be printed in this order."""
        self.figures |= figures

    def judged(self, verdict: Verdict, *, waste: bool = True) -> None:
        """Note a verdict, beside earlier ones, and fail where it says that the promise was broken.

        With `waste`, every verification must have cost exactly the one call of its ledger.
        """
        seen = {
            "acknowledged": verdict.acknowledged,
            "decided": verdict.decided,
            "dead_letters": verdict.dead,
            "lost": verdict.lost,
            "decided_twice": verdict.decided_twice,
            "calls": verdict.calls,
            "called_twice": verdict.called_twice,
            "calls_for_unknown_ids": verdict.unknown_ids,
        }
        self.note(**{name: self.figures.get(name, 0) + figure for name, figure in seen.items()})
        self.note(most_calls=max(self.figures.get("most_calls", 0), verdict.most_calls))
        assert verdict.broken_promises() == {}, verdict
        assert not waste or verdict.waste() == {}, verdict


class Reporter:
    """A pytest plugin that prints what the notebooks hold and keeps it in a file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a test's figures when it has ended."""
        figures = dict(report.user_properties).get(FIGURES)
        if report.when != "call" or not isinstance(figures, dict):
            return
        fault = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        self._rows.append(Row(fault, report.outcome, figures))
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        assert isinstance(terminal, pytest.TerminalReporter)
        terminal.write_line("")
        terminal.write_line(line(fault, figures))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and write the file."""
        if self._rows:
            terminalreporter.section("faults")
            for text in table(self._rows):
                terminalreporter.write_line(text)
            write_results(self._rows)
            terminalreporter.write_line(f"all figures: {FILE}")


def line(fault: str, figures: Figures) -> str:
    """`fault: 40 kills, 20123 acknowledged, 0 lost`."""
    return f"{fault}: " + ", ".join(f"{_figure(value)} {name}" for name, value in figures.items())


def table(rows: Sequence[Row]) -> list[str]:
    """The lines of a table, one fault per line, the figures that most faults have in columns."""
    cells = [("fault", "end", *_COLUMNS, "")] + [
        (fault, end, *(_figure(figures.get(name, "")) for name in _COLUMNS), _others(figures))
        for fault, end, figures in rows
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


_COLUMNS: Final = ("acknowledged", "decided", "dead_letters", "lost", "calls", "most_calls")


def _others(figures: Figures) -> str:
    return ", ".join(f"{_figure(value)} {name}" for name, value in figures.items() if name not in _COLUMNS)


def write_results(rows: Sequence[Row], *, file: Path = FILE) -> None:
    """Keep a run with the machine and the time it ran at."""
    machine = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }
    faults = [{"fault": fault, "end": end, "figures": dict(figures)} for fault, end, figures in rows]
    content = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "faults": faults}
    file.write_text(json.dumps(content, indent=2) + "\n")


def _figure(value: Any) -> str:
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else str(value)
    )
