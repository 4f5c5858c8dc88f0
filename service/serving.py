"""Run an ASGI app on uvicorn, the same way for every listener."""

import gc
import sys
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

VERSION: Final = version("faceid-gateway")

NO_TELEMETRY: Final = TelemetryConfig(tracing=False, metrics=False, logs=False)
"""FastAPI's own keeps query strings, which hold biz_ids, and looks for a provider at every request."""

log = structlog.get_logger(__name__)


def calm_garbage_collection() -> None:
    """Let the cycle collector run rarely, and never over what was there before the first request.

    A decoded callback is some forty dicts, so that Python's default of 700 starts a collection every few
    requests and a full one, which stops everything for tens of milliseconds, every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight.

    No access log: query strings and paths are the clients', and the proxy in front writes one anyway.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )
    calm_garbage_collection()
    log.info("serving", port=port)
    try:
        uvicorn.Server(config).run()
    except SystemExit as end:
        if end.code:
            log.exception("serving.failed", port=port)
            sys.exit(1)
