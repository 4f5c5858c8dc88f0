"""What a run prints: its progress, the table, and what to think of it."""

import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.report.figures import NOT_MEASURED, RATIO, Figure, Machine

NOISY: Final = 1.3

_BEGAN: Final = time.perf_counter()

console = Console()
if not console.is_terminal:
    console.width = 120


def show_part(line: str) -> None:
    """Print the beginning of a part, with the seconds since the start."""
    console.print(f"[{time.perf_counter() - _BEGAN:3.0f} s] {line}", highlight=False, markup=False)


def show_progress(line: str) -> None:
    """Print the last measurement."""
    console.print(f"  {line}", highlight=False, markup=False)


def show(figures: Sequence[Figure], machine: Machine) -> None:
    """Print the table."""
    table = Table(header_style="bold", caption=describe(machine), caption_justify="left")
    table.add_column("figure")
    for name in ("product", "peer", "ratio", "target"):
        table.add_column(name, justify="right")
    table.add_column("")
    for figure in figures:
        table.add_row(
            figure.name,
            figure.product,
            figure.peer or "–",
            f"{figure.value:.2f}×" if figure.unit == RATIO and figure.value is not None else "",
            target_of(figure),
            verdict(figure),
        )
    console.print(table)


def target_of(figure: Figure) -> str:
    """The target, or nothing."""
    if figure.target is None:
        return ""
    return f"{'≤' if figure.at_most else '≥'} {figure.target:g} {figure.unit}".replace(" ×", "×")


def verdict(figure: Figure) -> str:
    """Whether the target is met, in colour."""
    if figure.target is None:
        return ""
    if figure.value is None:
        return NOT_MEASURED
    return "[green]ok[/]" if figure.ok else "[bold red]MISS[/]"


def describe(machine: Machine) -> str:
    """One line about the machine."""
    place = "measured process on its own core" if machine.pinned else "processes NOT pinned"
    return " · ".join(
        (
            machine.cpu,
            f"{machine.cores} cores ({place})",
            machine.python,
            machine.redis,
            machine.postgres,
            f"load before {machine.load_before:.1f}",
            machine.at,
        )
    )


def show_noise(figures: Sequence[Figure]) -> None:
    """Warn if the rounds of one side differ so much that other load must have disturbed them."""
    noisy = [figure.name for figure in figures if spread(figure) > NOISY]
    if noisy:
        console.print(f"NOISY: {', '.join(noisy)}: rounds of one side differ by more than {NOISY:g}×.")
        console.print("Something else used the machine; measure again when it is idle.")


def spread(figure: Figure) -> float:
    """The best round of a side divided by its worst; of both sides, the larger one."""
    sides = [rates for rates in figure.rates.values() if rates]
    return max((max(rates) / min(rates) for rates in sides), default=1.0)
