"""A worker's figures since its start, for its heartbeat and `/metrics`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from domain.errors import kind_of_error
from domain.views.operations.processes import WorkerStatus


@dataclass
class WorkerStats:
    """Counts by app, with nothing about a single verification. `last_error` is an exception's name."""

    jobs: int = 0
    batches: int = 0
    decisions: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    pulls: dict[str, Counter[str]] = field(default_factory=dict)
    pictures: dict[str, Counter[str]] = field(default_factory=dict)
    last_error: str | None = None

    @contextmanager
    def under_way(self, batches: int) -> Iterator[None]:
        """Count these batches as running during the block."""
        self.jobs = batches
        try:
            yield
        finally:
            self.jobs = 0

    def failed(self, error: BaseException) -> None:
        """Note a failure."""
        self.last_error = kind_of_error(error)

    def count_decision(self, app_id: str, outcome: str, reasons: Iterable[str] = ()) -> None:
        """Count a saved decision of an app, with its reasons."""
        self.decisions.setdefault(app_id, Counter())[outcome] += 1
        for code in set(reasons):
            self.reasons.setdefault(app_id, Counter())[code] += 1

    def count_pull(self, app_id: str, end: str) -> None:
        """Count a finished `get_result` call of an app."""
        self.pulls.setdefault(app_id, Counter())[end] += 1

    def count_pictures(self, app_id: str, end: str, count: int) -> None:
        """Count pictures of an app that were `stored` or `lost`."""
        self.pictures.setdefault(app_id, Counter(stored=0, lost=0))[end] += count

    def status(self) -> dict[str, object]:
        """The figures for the heartbeat."""
        status = WorkerStatus(
            jobs=self.jobs,
            batches=self.batches,
            decisions=_plain(self.decisions),
            reasons=_plain(self.reasons),
            pulls=_plain(self.pulls),
            pictures=_plain(self.pictures),
            last_error=self.last_error,
        )
        return msgspec.structs.asdict(status)


def _plain(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {app_id: dict(of_app) for app_id, of_app in counts.items()}
