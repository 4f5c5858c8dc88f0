"""The metrics of webhooks. Labels are apps, states and processes, never endpoints or their URLs."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from prometheus_client import Metric

from domain.events.webhooks.endpoint import PAUSED, EndpointState
from domain.views.operations.figures import Endpoints, StoreFigures
from domain.views.operations.processes import WorkerStatus
from service.metric_text import counter, gauge, histogram
from usecases.process.delivery_stats import BUCKETS

_BUCKET_COUNT: Final = len(BUCKETS) + 1


def describe_deliveries(figures: StoreFigures, app_ids: Collection[str]) -> Iterator[Metric]:
    """Deliveries and endpoints in the store. `app_ids`: the apps of the settings."""
    yield gauge(
        "deliveries",
        "Deliveries of webhooks that are pending, or that failed and were made within a day; up to 10,000.",
        {
            (each.app_id, state): count
            for each in figures.deliveries
            for state, count in (("pending", each.pending), ("failed", each.failed))
        },
        "app_id", "state",
    )  # fmt: skip
    yield gauge(
        "oldest_delivery_seconds",
        "Age of the oldest pending delivery, of apps in the settings.",
        {(each.app_id,): each.oldest for each in figures.deliveries if each.app_id in app_ids},
        "app_id",
    )
    yield gauge(
        "endpoints",
        "Webhook endpoints: enabled, disabled, or paused because the settings do not have their app.",
        {(each.app_id, _state(each, app_ids)): each.count for each in figures.endpoints},
        "app_id", "state",
    )  # fmt: skip
    yield gauge(
        "endpoint_failing_seconds",
        "How long the longest-failing endpoint has been failing; after five days it is disabled.",
        {
            (each.app_id,): each.failing
            for each in figures.endpoints
            if _state(each, app_ids) == EndpointState.ENABLED
        },
        "app_id",
    )


def _state(each: Endpoints, app_ids: Collection[str]) -> str:
    paused = each.state == EndpointState.ENABLED and each.app_id not in app_ids
    return PAUSED if paused else each.state


def describe_attempts(workers: Mapping[str, WorkerStatus]) -> Iterator[Metric]:
    """Attempts of the live workers to deliver."""
    yield counter(
        "delivery_attempts",
        "Attempts to deliver a webhook since the worker's start: delivered, gone (410), or who failed: "
        "receiver, dns, proxy or ours.",
        {
            (app_id, end, process): count
            for process, status in workers.items()
            for app_id, ends in status.attempts.items()
            for end, count in ends.items()
        },
        "app_id", "end", "process",
    )  # fmt: skip
    yield histogram(
        "delivery_attempt_seconds",
        "How long attempts to deliver a webhook took, whatever their end.",
        {
            (process,): (status.attempt_durations, status.attempt_seconds)
            for process, status in workers.items()
            if len(status.attempt_durations) == _BUCKET_COUNT
        },
        "process",
        bounds=BUCKETS,
    )
