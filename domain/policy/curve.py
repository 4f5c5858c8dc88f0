"""Threshold curve: how many stored verifications reach each false-accept level."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from domain.callback.parts import LEVELS
from domain.policy.explanation import DecidedFacts


class CurvePoint(msgspec.Struct, frozen=True):
    """One comparison at one level.

    Of `verifications` with this comparison, `reached` are at or above the level's threshold in the same
    payload (`share`, 0 to 1), and `unknown` have no such threshold; those count as not reached.
    """

    comparison: str
    level: str
    verifications: int
    reached: int
    unknown: int
    share: float


class Curve:
    """Count stored facts in chunks of any size: the result's if there is one, else the callback's."""

    def __init__(self) -> None:
        self._compared: Counter[str] = Counter()
        self._reached: Counter[tuple[str, str]] = Counter()
        self._unknown: Counter[tuple[str, str]] = Counter()

    def add(self, stored: Iterable[DecidedFacts]) -> None:
        """Count these facts."""
        for item in stored:
            facts = item.evidence.result or item.evidence.callback
            for name, comparison in facts.comparisons.items() if facts else ():
                self._compared[name] += 1
                for level in LEVELS:
                    threshold = comparison.thresholds.get(level)
                    if threshold is None:
                        self._unknown[name, level] += 1
                    elif comparison.confidence >= threshold:
                        self._reached[name, level] += 1

    def points(self) -> list[CurvePoint]:
        """A point per comparison and level, by name and from the loosest level to the strictest."""
        return [self._point(name, level) for name in sorted(self._compared) for level in LEVELS]

    def _point(self, name: str, level: str) -> CurvePoint:
        compared, reached = self._compared[name], self._reached[name, level]
        return CurvePoint(name, level, compared, reached, self._unknown[name, level], reached / compared)
