"""Build metrics and write them in Prometheus's text format, for every listener that has a page of them."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

Values = Mapping[tuple[str, ...], float]
"""What a family holds: a figure for each tuple of label values."""


def gauge(name: str, text: str, values: Values, *labels: str) -> Metric:
    """A gauge `faceid_NAME`."""
    return _filled(GaugeMetricFamily(f"faceid_{name}", text, labels=labels), values)


def counter(name: str, text: str, values: Values, *labels: str) -> Metric:
    """A counter `faceid_NAME_total`."""
    return _filled(CounterMetricFamily(f"faceid_{name}", text, labels=labels), values)


def render(families: Iterable[Metric]) -> bytes:
    """The page."""
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
