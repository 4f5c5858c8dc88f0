"""bench/results.json: the figures of a whole run, and the comparison of a later run with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.report.figures import COMPARABLE, Figure, Machine

RESULTS: Final = Path(__file__).parent.parent / "results.json"

WORSE: Final = 0.10
"""The share by which a figure may be worse than the committed one."""


class Results(msgspec.Struct, frozen=True):
    """A whole run."""

    machine: Machine
    figures: list[Figure]


def save(results: Results, file: Path = RESULTS) -> None:
    """Write the figures with every single round."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")


def load(file: Path = RESULTS) -> Results | None:
    """The figures of an earlier run, or None if there is none.

    Raises:
        msgspec.ValidationError: the file has another shape.
    """
    if not file.exists():
        return None
    return msgspec.json.decode(file.read_bytes(), type=Results)


def worse_than(before: Sequence[Figure], now: Sequence[Figure]) -> list[str]:
    """A line for each figure that is more than `WORSE` worse than before.

    Only figures that both runs measured, and only values that mean the same on every machine.
    """
    earlier = {figure.name: figure for figure in before}
    pairs = ((earlier[figure.name], figure) for figure in now if figure.name in earlier)
    return [_line(old, new) for old, new in pairs if _is_worse(old, new)]


def _is_worse(old: Figure, new: Figure) -> bool:
    if old.value is None or new.value is None or new.unit not in COMPARABLE or old.unit != new.unit:
        return False
    if new.at_most:
        return new.value > old.value * (1 + WORSE)
    return new.value < old.value * (1 - WORSE)


def _line(old: Figure, new: Figure) -> str:
    return f"{new.name}: {old.value:.2f} {old.unit} before, {new.value:.2f} {new.unit} now"
