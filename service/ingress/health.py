"""Health checks: whether the process runs, and whether it accepts callbacks. Public, so no details."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.ingress.acceptance import IngressContext


async def healthz(_request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok"})


def readyz_endpoint(context: IngressContext) -> Callable[[Request], Awaitable[Response]]:
    """`GET /readyz`, for the load balancer."""

    async def readyz(_request: Request) -> Response:
        status = _status(context)
        return JSONResponse({"status": status}, 200 if status == "ready" else 503)

    return readyz


def _status(context: IngressContext) -> str:
    if context.lifecycle.draining:
        return "draining"
    return "ready" if context.intake.can_accept() else "not_ready"
