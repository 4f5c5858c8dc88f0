"""The metrics of ingresses, alike on an ingress's own page and on the api's, which has them by heartbeat."""

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import Metric

from domain.views.processes import IngressStatus
from service.metric_text import Values, counter, gauge

_FIGURES: Final = {
    "ingress_accepting": ("1 if callbacks are accepted, 0 if they are refused with 503.", "can_accept"),
    "ingress_waiting": ("Callbacks that wait to be made durable.", "waiting"),
    "ingress_redis_full": (
        "1 while Redis holds as much as the ingress may fill: callbacks go to the spool.",
        "redis_full",
    ),
    "spool_bytes": ("Bytes in the local spool that are not in the inbox yet.", "spool_bytes"),
    "spool_bad_bytes": (
        "Bytes of damaged segments in the spool folder; somebody must look at them.",
        "spool_bad_bytes",
    ),
    "spool_oldest_seconds": (
        "Age of the oldest callback in the local spool; 0 if it is empty.",
        "spool_oldest_seconds",
    ),
}


def describe_ingresses(ingresses: Mapping[str, IngressStatus]) -> Iterator[Metric]:
    """Every family of these ingresses, by process."""
    for name, (text, field) in _FIGURES.items():
        values: Values = {(process,): float(getattr(status, field)) for process, status in ingresses.items()}
        yield gauge(name, text, values, "process")
    yield gauge(
        "ingress_circuit_open",
        "1 while the ingress does not use Redis because it failed: callbacks go to the spool.",
        {(process,): status.circuit != "closed" for process, status in ingresses.items()},
        "process",
    )
    yield counter(
        "callbacks_accepted",
        "Callbacks answered with 200 or 303 since the ingress's start.",
        {
            (app_id, process): count
            for process, status in ingresses.items()
            for app_id, count in status.accepted.items()
        },
        "app_id", "process",
    )  # fmt: skip
    yield counter(
        "callbacks_refused",
        "Callbacks refused since the ingress's start; app_id is empty for an unknown app.",
        {
            (app_id, code, process): count
            for process, status in ingresses.items()
            for app_id, refusals in status.refused.items()
            for code, count in refusals.items()
        },
        "app_id", "code", "process",
    )  # fmt: skip
