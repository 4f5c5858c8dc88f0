"""Build metrics and write them in Prometheus's text format, for every listener with a metrics page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

Values = Mapping[tuple[str, ...], float]
"""The values of a family, by label values."""


def gauge(name: str, text: str, values: Values, *labels: str) -> Metric:
    """A gauge `faceid_NAME`."""
    return _filled(GaugeMetricFamily(f"faceid_{name}", text, labels=labels), values)


def counter(name: str, text: str, values: Values, *labels: str) -> Metric:
    """A counter `faceid_NAME_total`."""
    return _filled(CounterMetricFamily(f"faceid_{name}", text, labels=labels), values)


def histogram(
    name: str,
    text: str,
    values: Mapping[tuple[str, ...], tuple[Sequence[int], float]],
    *labels: str,
    bounds: Sequence[float],
) -> Metric:
    """A histogram `faceid_NAME`. `values`: how many fell into each bucket and above the last, and the sum."""
    family = HistogramMetricFamily(f"faceid_{name}", text, labels=labels)
    names = [*map(str, bounds), "+Inf"]
    for own, (counts, total) in sorted(values.items()):
        buckets = [*zip(names, map(float, accumulate(counts)), strict=True)]
        family.add_metric(own, buckets, sum_value=total)
    return family


class Family(NamedTuple):
    """A row of a table of families.

    `make` is `gauge` or `counter`. `read` takes a subject and returns a figure, or with `labels` a tree of
    figures, one level for each label.
    """

    make: Callable[..., Metric]
    name: str
    text: str
    read: Callable[[Any], Any]
    labels: tuple[str, ...] = ()


def describe_table(
    table: Sequence[Family], subjects: Mapping[tuple[str, ...], Any], *labels: str
) -> Iterator[Metric]:
    """The families of a table, over subjects by their own label values, whose names are `labels`."""
    for family in table:
        values = {
            (*path, *own): figure
            for own, subject in subjects.items()
            for path, figure in _leaves(family.read(subject), len(family.labels))
        }
        yield family.make(family.name, family.text, values, *family.labels, *labels)


def by_process(statuses: Mapping[str, Any]) -> Mapping[tuple[str, ...], Any]:
    """Each process's status as a subject of a table."""
    return {(process,): status for process, status in statuses.items()}


def render(families: Iterable[Metric]) -> bytes:
    """The metrics page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Metric:
    for labels, value in sorted(values.items()):
        family.add_metric(labels, float(value))
    return family


def _leaves(tree: Any, depth: int) -> Iterator[tuple[tuple[str, ...], float]]:
    """The figures of a tree, each with the keys that lead to it."""
    if depth == 0:
        yield (), tree
        return
    for key, part in tree.items():
        for path, figure in _leaves(part, depth - 1):
            yield (key, *path), figure
