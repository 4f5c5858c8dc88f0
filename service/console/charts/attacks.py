"""The scores of attacks against their thresholds, each on a line from 0 to 1."""

from collections.abc import Mapping
from typing import Final

import msgspec

WIDTH: Final = 120
"""Units of the drawing that the line takes."""
_SCORE: Final = "_confidence"
_LIMIT: Final = "_threshold"


class AttackChart(msgspec.Struct, frozen=True):
    """A score, which is over its threshold if it is an attack. `x`, `limit_x`: where they are drawn."""

    name: str
    score: float
    limit: float

    @property
    def x(self) -> float:
        """Where the score is."""
        return round(self.score * WIDTH, 1)

    @property
    def limit_x(self) -> float:
        """Where the threshold is."""
        return round(self.limit * WIDTH, 1)

    @property
    def is_over(self) -> bool:
        """Whether the score is over its threshold."""
        return self.score > self.limit


def attack_charts(signs: Mapping[str, float]) -> list[AttackChart]:
    """A chart for each pair of score and threshold between 0 and 1, the greatest excess first."""
    names = [name.removesuffix(_SCORE) for name in signs if name.endswith(_SCORE)]
    pairs = [(name, signs[f"{name}{_SCORE}"], signs.get(f"{name}{_LIMIT}", -1.0)) for name in names]
    drawn = [AttackChart(*pair) for pair in pairs if all(0 <= value <= 1 for value in pair[1:])]
    return sorted(drawn, key=lambda chart: (chart.limit - chart.score, chart.name))
