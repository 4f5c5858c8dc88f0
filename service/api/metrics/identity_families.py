"""The metrics of stored persons and of reads of identity. Labels are apps, never persons."""

from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from domain.views.operations.identity_figures import IdentityFigures
from service.metric_text import gauge


def describe_identity(figures: IdentityFigures, app_ids: Iterable[str]) -> Iterator[Metric]:
    """How many persons are stored, and who reads them."""
    counts = dict.fromkeys(app_ids, 0) | {each.app_id: each.count for each in figures.persons}
    yield gauge(
        "persons_stored",
        "Distinct ID numbers that are stored, counted once an hour.",
        {(app_id,): count for app_id, count in counts.items()},
        "app_id",
    )
    yield gauge(
        "identity_reads_today",
        "Reads of identity, searches by ID number and exports of this day (UTC).",
        {(): figures.reads},
    )
    yield gauge(
        "identity_readers_at_limit",
        "Persons and tokens that asked for more identities today (UTC) than `identity_reads_a_day` allows.",
        {(): figures.at_limit},
    )
