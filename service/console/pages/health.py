"""Whether the console runs, and whether its servers can be used; for load balancers, without a session."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from service.console.context import Context

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(context: Context) -> Response:
    """Redis, the database and its revision, the live workers."""
    if context.lifecycle.draining:
        return JSONResponse({"status": "draining"}, 503)
    parts = await context.readiness.parts()
    ready = parts["redis"]["ok"] and parts["database"]["ok"]
    return JSONResponse({"status": "ready" if ready else "not_ready", **parts}, 200 if ready else 503)
