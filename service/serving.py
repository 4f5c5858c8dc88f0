"""Run an ASGI app on uvicorn, the same way for every listener."""

import sys
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from adapters.garbage import calm_garbage_collection

VERSION: Final = version("faceid-gateway")

NO_TELEMETRY: Final = TelemetryConfig(tracing=False, metrics=False, logs=False)
"""FastAPI's own keeps query strings, which hold biz_ids, and looks for a provider at every request."""

log = structlog.get_logger(__name__)


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
