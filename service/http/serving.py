"""Run an ASGI app on uvicorn, the same way for every listener, with a graceful shutdown.

On SIGTERM `readyz` turns 503 first, answers ask clients to close, and streams end. For `shutdown_delay`
seconds more everything is served as before, so that a load balancer notices. Only then new connections are
refused, and waiting lookups are answered without a decision.
"""

import socket
import sys
import threading
import time
from importlib.metadata import version
from types import FrameType
from typing import Final

import msgspec
import structlog
import uvicorn
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from adapters.processes.gc_tuning import calm_garbage_collection
from adapters.processes.open_files import FILES_BESIDE_CONNECTIONS, raise_open_files
from adapters.processes.supervisor_link import SupervisorLink
from adapters.settings.settings import Settings
from service.http.connections import Connections, Limits
from service.http.doors import open_doors
from service.http.lifecycle import Lifecycle
from service.http.protocol import limited_protocol

VERSION: Final = version("faceid-gateway")

NO_TELEMETRY: Final = TelemetryConfig(tracing=False, metrics=False, logs=False)
"""FastAPI's telemetry keeps query strings, which contain biz_ids, and looks for a provider per request."""

FINISH_WITHIN: Final = 20
"""Seconds for the requests in flight after new connections are refused."""

_CLOSE: Final = (b"connection", b"close")

log = structlog.get_logger(__name__)


def limits_of(settings: Settings, *, body_bytes: int) -> Limits:
    """The limits of a listener whose largest body has `body_bytes`."""
    return Limits(
        header_bytes=settings.max_header_bytes,
        body_bytes=body_bytes,
        request_seconds=settings.body_timeout,
        connections=settings.max_connections,
        per_address=settings.max_connections_per_address,
        trusted_proxies=settings.trusted_proxies,
    )


def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    lifecycle: Lifecycle,
    shutdown_delay: float,
    limits: Limits,
    supervisor: SupervisorLink | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight. A failed lifecycle exits with 1.

    With a `supervisor` it serves on that one's sockets, and ends also when another process takes over.

    The caller is the peer of the socket, or the address in X-Forwarded-For from a proxy in
    `limits.trusted_proxies`. If the system allows fewer files than `limits` need, the limits are lowered.

    No access log: query strings and paths come from clients, and the proxy in front writes one anyway.

    Raises:
        SettingsError: the address or the port is not available.
    """
    connections = Connections(_within_open_files(limits))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",
        http=limited_protocol(connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(limits.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in limits.trusted_proxies],
        timeout_graceful_shutdown=FINISH_WITHIN,
    )
    calm_garbage_collection()
    doors = open_doors(host, port) if supervisor is None else supervisor.doors
    try:
        server = GracefulServer(
            config, lifecycle, connections, shutdown_delay=shutdown_delay, supervisor=supervisor
        )
        server.run(sockets=doors)
    except SystemExit as end:
        if end.code:
            log.exception("serving.failed", port=port)
            sys.exit(1)
    if lifecycle.failed:
        sys.exit(1)


def _within_open_files(limits: Limits) -> Limits:
    room = raise_open_files() - FILES_BESIDE_CONNECTIONS
    if room >= limits.connections:
        return msgspec.structs.replace(limits, leaving=min(limits.leaving, room - limits.connections))
    log.warning(
        "open_files.few", count=room, detail="raise LimitNOFILE or ulimit -n, or lower max_connections"
    )
    return msgspec.structs.replace(limits, connections=max(1, room), leaving=0)


class GracefulServer(uvicorn.Server):
    """uvicorn with a delay between the signal and the end of listening."""

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        connections: Connections,
        *,
        shutdown_delay: float,
        supervisor: SupervisorLink | None = None,
    ) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._connections = connections
        self._delay = shutdown_delay
        self._signal: tuple[int, FrameType | None] | None = None
        self._leave_at = 0.0
        self._supervisor = supervisor
        self._successor = threading.Event()
        self._retire_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Log once it serves."""
        await super().startup(sockets)
        if self.started and sockets:
            log.info("serving", port=sockets[0].getsockname()[1])
            if self._supervisor is not None:
                self._supervisor.tell_ready(retire=self._successor.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal starts the delay; a second one ends it."""
        if self._lifecycle.draining:
            self._signal = None
            super().handle_exit(sig, frame)
            return
        self._lifecycle.draining = True
        self._signal = (sig, frame)
        self._leave_at = time.monotonic() + self._delay

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: check whether to stop listening."""
        if self._lifecycle.failed or self._has_retired():
            self.should_exit = True
        elif self._signal is not None and time.monotonic() >= self._leave_at:
            super().handle_exit(*self._signal)
            self._signal = None
        leaving = await super().on_tick(counter)
        asks_to_close = self._lifecycle.draining or self._retire_at is not None
        if asks_to_close and _CLOSE not in self.server_state.default_headers:
            # A kept-alive connection would be closed while its client sends.
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
            self._lifecycle.drain()
        return leaving

    def _has_retired(self) -> bool:
        """Whether this process can end because another one serves in its place.

        It accepts nothing more at once: new connections wait in the socket that both share. Clients of open
        connections are asked to close them, and have as long as for an idle connection. `readyz` does not
        change, since the listener as a whole stays ready.
        """
        if self._retire_at is None and self._successor.is_set():
            self._retire_at = time.monotonic() + max(self._delay, self._connections.limits.idle_seconds)
            for server in self.servers:
                server.close()
            return False
        if self._retire_at is None:
            return False
        return not self.server_state.connections or time.monotonic() >= self._retire_at

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer waiting lookups, and do not wait for connections that gave way."""
        self._lifecycle.leave()
        self._connections.leaving.close(len(self._connections.leaving))
        await super().shutdown(sockets)
