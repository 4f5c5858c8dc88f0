"""The figures of a run: progress lines, the table at the end, and bench/results.json."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median as _median
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from bench.rig import OTHER_CORES, SERVER_CORE, Rig

RESULTS: Final = Path(__file__).parent / "results.json"

NOISY: Final = 1.3

console = Console()
if not console.is_terminal:
    console.width = 120


class Figure(msgspec.Struct, frozen=True):
    """One row: the measurements of both sides, and the `value` that is compared with `target`.

    The value is a minimum ratio to the naive side, or with `at_most` a maximum; without a target it is only
    information. `rates`: those of every round, by side; `rounds`: other data worth keeping.
    """

    name: str
    product: str
    naive: str
    value: float
    target: float | None = None
    at_most: bool = False
    rates: dict[str, list[float]] = {}
    rounds: dict[str, Any] = {}

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        if self.target is None:
            return True
        return self.value <= self.target if self.at_most else self.value >= self.target


def median(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return float(_median(values))


def show_progress(line: str) -> None:
    """Print the last measurement."""
    console.print(f"  {line}", highlight=False, markup=False)


def show(figures: Sequence[Figure], machine: dict[str, str]) -> None:
    """Print the table."""
    table = Table(header_style="bold", caption=" · ".join(machine.values()), caption_justify="left")
    table.add_column("figure")
    for name in ("product", "naive", "ratio", "target"):
        table.add_column(name, justify="right")
    table.add_column("")
    for figure in figures:
        table.add_row(
            figure.name,
            figure.product,
            figure.naive or "–",
            "" if figure.at_most else f"{figure.value:.1f}×",
            _target(figure),
            "" if figure.target is None else "[green]ok[/]" if figure.ok else "[bold red]MISS[/]",
        )
    console.print(table)


def cpu_figure(name: str, seen: dict[str, list[float]]) -> Figure:
    """Processor time per callback in µs, which other load on the machine changes least."""
    product, naive = median(seen["product"]), median(seen["naive"])
    return Figure(
        name=name, product=f"{product:,.0f}", naive=f"{naive:,.0f}", value=naive / product, rounds=seen
    )


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"≤ {figure.target:g}" if figure.at_most else f"≥ {figure.target:g}×"


def show_noise(figures: Sequence[Figure]) -> None:
    """Warn if the rounds of one side differ so much that other load must have disturbed them."""
    noisy = [figure.name for figure in figures if _spread(figure) > NOISY]
    if noisy:
        console.print(f"NOISY: {', '.join(noisy)}: rounds of one side differ by more than {NOISY:g}×.")
        console.print("Something else used the machine; measure again when it is idle.")


def _spread(figure: Figure) -> float:
    sides = [rates for rates in figure.rates.values() if rates]
    return max((max(rates) / min(rates) for rates in sides), default=1.0)


def save(figures: Sequence[Figure], machine: dict[str, str]) -> None:
    """Write bench/results.json: the table and every single round."""
    rows = [{"ok": figure.ok, **msgspec.to_builtins(figure)} for figure in figures]
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine, "figures": rows})))
    console.print(f"Every round: {RESULTS}", highlight=False)


async def describe_machine(rig: Rig) -> dict[str, str]:
    """The machine of the measurements, and its load before them."""
    server = await rig.redis.info("server")
    redis = (
        f"Valkey {server['valkey_version']}"
        if "valkey_version" in server
        else f"Redis {server['redis_version']}"
    )
    pinned = f"server on core {min(SERVER_CORE)}" if OTHER_CORES != SERVER_CORE else "NOT pinned"
    return {
        "cpu": _cpu_model(),
        "cores": f"{os.cpu_count()} cores ({pinned})",
        "python": f"Python {platform.python_version()}",
        "redis": redis,
        "postgres": f"PostgreSQL {await rig.database.fetchval('SHOW server_version')}",
        "load_before": f"load before {os.getloadavg()[0]:.1f}",
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
