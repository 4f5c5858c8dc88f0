"""The figures of a run."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median as _median
from typing import Any, Final

import msgspec

RATIO: Final = "×"
NOT_MEASURED: Final = "not measured"

COMPARABLE: Final = frozenset({RATIO, "of the form", "B", "rows"})
"""Units of values that mean the same on every machine."""


class Figure(msgspec.Struct, frozen=True):
    """One row: the measurements of both sides, and the `value` that is compared with `target`.

    The value is a minimum ratio to the peer, or with `at_most` a maximum in `unit`. It is None if it was not
    measured; without a target it is only information. `rates`: those of every round, by side; `rounds`: other
    data worth keeping.
    """

    name: str
    product: str
    peer: str
    value: float | None
    target: float | None = None
    at_most: bool = False
    unit: str = RATIO
    rates: Mapping[str, Sequence[float]] = {}
    rounds: Mapping[str, Any] = {}

    @property
    def ok(self) -> bool:
        """Whether the target is met, as far as it was measured."""
        if self.target is None or self.value is None:
            return True
        return self.value <= self.target if self.at_most else self.value >= self.target


class Machine(msgspec.Struct, frozen=True):
    """Where and when a run measured; `pinned`: whether the measured process had a core to itself."""

    cpu: str
    cores: int
    pinned: bool
    python: str
    redis: str
    postgres: str
    load_before: float
    at: str


def median(values: Iterable[float]) -> float:
    """The median of the rounds."""
    return float(_median(values))


def limit(
    name: str,
    value: float,
    unit: str,
    *,
    target: float | None = None,
    note: str = "",
    rounds: Mapping[str, Any] | None = None,
) -> Figure:
    """A row whose value must be at most `target`."""
    shown = f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    return Figure(
        name=name,
        product=f"{shown} ({note})" if note else shown,
        peer="",
        value=value,
        target=target,
        at_most=True,
        unit=unit,
        rounds=rounds or {},
    )


def rate_figure(
    name: str, seen: Mapping[str, Sequence[float]], peer: str, *, target: float | None = None
) -> Figure:
    """A row of two rates, `seen["product"]` and `seen[peer]`; not measured if the peer has none."""
    rate = median(seen["product"])
    if not seen.get(peer):
        return Figure(f"{name} : {peer}", f"{rate:,.0f}", NOT_MEASURED, None, target)
    other = median(seen[peer])
    return Figure(
        name=f"{name} : {peer}",
        product=f"{rate:,.0f}",
        peer=f"{other:,.0f}",
        value=rate / other,
        target=target,
        rates={"product": seen["product"], peer: seen[peer]},
    )


def cost_figure(name: str, seen: Mapping[str, Sequence[float]], *, peer: str = "naive") -> Figure:
    """A row of processor times in µs, which other load on the machine changes least. The ratio is the peer's
    time divided by the product's."""
    product = median(seen["product"])
    if not seen.get(peer):
        return Figure(name, f"{product:,.0f}", NOT_MEASURED, None, rounds=seen)
    other = median(seen[peer])
    return Figure(name, f"{product:,.0f}", f"{other:,.0f}", other / product, rounds=seen)
