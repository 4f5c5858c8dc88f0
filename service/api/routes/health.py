"""Health checks and metrics: whether the process runs, and whether the servers behind it are usable."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, PlainTextResponse, Response

from service.api.access.pace import PacedRoute
from service.api.context import Context

router = APIRouter(tags=["health"], route_class=PacedRoute)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A server behind this one is away or out of date"}})
async def readyz(context: Context) -> Response:
    """Redis and the durability in force, the database and its revision, the backlog, the live workers.

    It is ready without workers, because lookups need none; `problems` and a metric report that.
    """
    if context.lifecycle.draining:
        return JSONResponse({"status": "draining"}, 503)
    parts = await context.readiness.parts()
    ready = parts["redis"]["ok"] and parts["database"]["ok"]
    return JSONResponse({"status": "ready" if ready else "not_ready", **parts}, 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(context: Context) -> Response:
    """Prometheus metrics (docs/reference/metrics.md). What cannot be read is left out."""
    return Response(await context.metrics.page(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
