"""What a sender has done since its start, for its heartbeat."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from domain.events.webhooks.verdict import Judged, Verdict

BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Upper bounds in seconds; the last one is the time-out."""


@dataclass
class DeliveryStats:
    """Attempts by app and end (`delivered`, or on whose side they failed), and how long all of them took.

    `durations`: how many attempts ended within each of `BUCKETS`, and at last those that took longer.
    """

    attempts: dict[str, Counter[str]] = field(default_factory=dict)
    durations: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    def count(self, app_id: str, judged: Judged, *, seconds: float) -> None:
        """One more attempt has ended."""
        self.attempts.setdefault(app_id, Counter())[_end_of(judged)] += 1
        self.durations[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def status(self) -> dict[str, object]:
        """As the heartbeat carries it."""
        return {
            "attempts": {app_id: dict(ends) for app_id, ends in self.attempts.items()},
            "attempt_durations": list(self.durations),
            "attempt_seconds": self.seconds,
        }


def _end_of(judged: Judged) -> str:
    if judged.verdict is Verdict.RETRY and judged.fault is not None:
        return judged.fault
    return judged.verdict
