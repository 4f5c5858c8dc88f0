"""The metrics of the event log."""

from collections.abc import Iterator

from prometheus_client import Metric

from domain.views.operations.figures import EventLog
from service.metric_text import counter, gauge


def describe_events(log: EventLog) -> Iterator[Metric]:
    """Where the log begins and ends, and what is in it by type."""
    yield counter(
        "events",
        "Events of the log by type, as of the last sweep.",
        {(kind,): count for kind, count in log.counts.items()},
        "type",
    )
    yield gauge("events_newest_seq", "`seq` of the newest event; 0 if there is none.", {(): log.newest})
    yield gauge(
        "events_oldest_seq", "`seq` of the oldest event that is kept; 0 if there is none.", {(): log.oldest}
    )
    yield gauge(
        "events_oldest_seconds",
        "Age of the oldest event that is kept; far over FACEID_EVENTS_KEPT, no worker deletes old events.",
        {(): log.oldest_seconds},
    )
