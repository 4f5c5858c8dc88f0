"""The ingress as a FastAPI app with a fast path for callbacks.

The routes are plain Starlette routes. Their requests bypass the middleware in front of the router, which
would cost as much as reading and verifying the callback (docs/decisions/0013). Everything else takes
FastAPI's usual path. There is no public OpenAPI description: the vendor knows its protocol.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.serving import NO_TELEMETRY, VERSION
from service.ingress.acceptance import IngressContext
from service.ingress.endpoints import NotifyEndpoint, ReturnEndpoint
from service.ingress.health import healthz, readyz_endpoint
from service.problems.problems import answer_http_error, refusal

_CALLBACK: Final = re.compile(r"/+callbacks/+([^/]+)/+(notify|return)/*")
"""Additional slashes from a console or a proxy are accepted: after a redirect many clients drop the body."""
_SLASHES: Final = re.compile(r"/{2,}")

log = structlog.get_logger(__name__)


class IngressApp(FastAPI):
    """Callbacks and health; nothing else is public."""

    def __init__(self, context: IngressContext, *, lifespan: Callable[[FastAPI], Any] | None) -> None:
        notify, returned = NotifyEndpoint(context), ReturnEndpoint(context)
        self._short_ways: dict[tuple[str, str], ASGIApp] = {
            ("POST", "notify"): notify,
            ("POST", "return"): returned,
            ("GET", "return"): returned,
        }
        super().__init__(
            title="faceid-gateway ingress",
            version=VERSION,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            lifespan=lifespan,
            redirect_slashes=False,
            telemetry=NO_TELEMETRY,
            exception_handlers={HTTPException: answer_http_error},
            routes=[
                Route("/callbacks/{app_id}/notify", notify, methods=["POST"]),
                Route("/callbacks/{app_id}/return", returned, methods=["GET", "POST"]),
                Route("/healthz", healthz),
                Route("/readyz", readyz_endpoint(context)),
            ],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (found := _CALLBACK.fullmatch(scope["path"])):
            endpoint = self._short_ways.get((scope["method"], found[2]))
            if endpoint is not None:
                scope["path_params"] = {"app_id": found[1]}
                await _answer(endpoint, scope, receive, send)
                return
        if scope["type"] == "http":
            scope["path"] = _plain(scope["path"])
        await super().__call__(scope, receive, send)


def _plain(path: str) -> str:
    """The path with single slashes, and none at its end."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"


async def _answer(endpoint: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await endpoint(scope, receive, send)
    except Exception:
        log.exception("ingress.failed")
        await refusal("internal_error")(scope, receive, send)
