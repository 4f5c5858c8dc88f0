"""An ingress's own metrics page, on an internal port, which shows refusals even while Redis is away.

A thread serves it, so that it answers even if the event loop is blocked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.registry import Collector

from domain.errors import SettingsError
from domain.views.processes import IngressStatus
from service.ingress_families import describe_ingresses


@contextmanager
def serving_metrics(
    host: str, port: int | None, *, process: str, status: Callable[[], Mapping[str, object]]
) -> Iterator[None]:
    """Serve `GET /metrics` for this process during the block, if a port is configured.

    Raises:
        SettingsError: the port cannot be used.
    """
    if port is None:
        yield
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(process, status))
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
    def __init__(self, process: str, status: Callable[[], Mapping[str, object]]) -> None:
        self._process = process
        self._status = status

    def collect(self) -> Iterable[Metric]:
        return describe_ingresses({self._process: msgspec.convert(self._status(), IngressStatus)})
