"""The metrics of the key store, as each process that opens identities sees it."""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Final

from prometheus_client import Metric

from domain.views.operations.processes import ApiStatus, KeysStatus, WorkerStatus
from service.metric_text import Family, by_process, counter, describe_table, gauge

_KEYS: Final = (
    Family(gauge, "key_store_up", "1 if the key store answered the process's last call.", attrgetter("up")),
    Family(
        counter,
        "key_store_failures",
        "Calls of the key store without an answer since the process's start, repeated ones included.",
        attrgetter("failures"),
    ),
    Family(
        gauge,
        "epoch_keys_left_seconds",
        "How long the process still has all of its epoch keys if the key store does not answer.",
        attrgetter("left"),
    ),
)


def describe_keys(*by_role: Mapping[str, WorkerStatus] | Mapping[str, ApiStatus]) -> Iterator[Metric]:
    """The key store of each process that has one. `by_role`: the processes of each role."""
    keys: dict[str, KeysStatus] = {
        name: each.keys for statuses in by_role for name, each in statuses.items() if each.keys
    }
    yield from describe_table(_KEYS, by_process(keys), "process")
