"""The metrics of ingresses, the same on their own pages and on the api's, which reads heartbeats."""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Final

from prometheus_client import Metric

from domain.views.operations.processes import IngressStatus
from service.metric_text import Family, by_process, counter, describe_table, gauge

_FAMILIES: Final = (
    Family(
        gauge,
        "ingress_accepting",
        "1 if callbacks are accepted, 0 if they are refused with 503.",
        attrgetter("can_accept"),
    ),
    Family(gauge, "ingress_waiting", "Callbacks that wait to be made durable.", attrgetter("waiting")),
    Family(
        gauge,
        "ingress_redis_full",
        "1 while Redis holds as much as the ingress may fill: callbacks go to the spool.",
        attrgetter("redis_full"),
    ),
    Family(
        gauge,
        "spool_bytes",
        "Bytes in the local spool that are not in the inbox yet.",
        attrgetter("spool_bytes"),
    ),
    Family(
        gauge,
        "spool_bad_bytes",
        "Bytes of damaged segments in the spool folder; an operator must check them.",
        attrgetter("spool_bad_bytes"),
    ),
    Family(
        gauge,
        "spool_writable",
        "0 while the local spool cannot be written; 1 otherwise, also without a spool.",
        attrgetter("spool_writable"),
    ),
    Family(
        gauge,
        "spool_oldest_seconds",
        "Age of the oldest callback in the local spool; 0 if it is empty.",
        attrgetter("spool_oldest_seconds"),
    ),
    Family(
        gauge,
        "ingress_circuit_open",
        "1 while the ingress does not use Redis because it failed: callbacks go to the spool.",
        lambda status: status.circuit != "closed",
    ),
    Family(
        counter,
        "callbacks_accepted",
        "Callbacks answered with 200 or 303 since the ingress's start.",
        attrgetter("accepted"),
        ("app_id",),
    ),
    Family(
        counter,
        "callbacks_refused",
        "Callbacks refused since the ingress's start; app_id is empty for an unknown app.",
        attrgetter("refused"),
        ("app_id", "code"),
    ),
)


def describe_ingresses(ingresses: Mapping[str, IngressStatus]) -> Iterator[Metric]:
    """Every family of these ingresses, by process."""
    yield from describe_table(_FAMILIES, by_process(ingresses), "process")
