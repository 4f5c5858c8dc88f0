"""The ingress's own metrics page, on an internal port, which shows refusals even while Redis is away.

A thread serves it, so that it answers even if the event loop is blocked. With several processes the
supervisor serves it, so that every scrape shows all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.registry import Collector

from domain.errors import SettingsError
from domain.views.operations.processes import IngressStatus
from service.ingress_families import describe_ingresses


@contextmanager
def serving_metrics(
    host: str, port: int | None, *, statuses: Callable[[], Mapping[str, Mapping[str, object]]]
) -> Iterator[None]:
    """Serve `GET /metrics` during the block, if a port is configured; `statuses`: by process.

    Raises:
        SettingsError: the port cannot be used.
    """
    if port is None:
        yield
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(statuses))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise SettingsError(
            f"FACEID_INGRESS_METRICS_PORT: {port} cannot be used ({error.strerror})"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Page(Collector):
    def __init__(self, statuses: Callable[[], Mapping[str, Mapping[str, object]]]) -> None:
        self._statuses = statuses

    def collect(self) -> Iterable[Metric]:
        found = self._statuses().items()
        return describe_ingresses(
            {process: msgspec.convert(status, IngressStatus) for process, status in found}
        )
