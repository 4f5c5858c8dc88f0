"""Run an ASGI app on uvicorn, the same way for every listener."""

import sys
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

VERSION: Final = version("faceid-gateway")

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
    log.info("serving", port=port)
    try:
        uvicorn.Server(config).run()
    except SystemExit as end:
        if end.code:
            log.exception("serving.failed", port=port)
            sys.exit(1)
