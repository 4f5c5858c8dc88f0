"""Receivers of webhooks that answer as they are asked to: a customer's program, for tries."""

from typing import Annotated

from fastapi import APIRouter, Path, Response


def receiver_routes() -> APIRouter:
    router = APIRouter(prefix="/simulator/receivers", tags=["control"])

    @router.post("/{http_status}")
    async def take_webhook(http_status: Annotated[int, Path(ge=200, le=599)]) -> Response:
        """Take any webhook, and answer this HTTP status."""
        return Response(status_code=http_status)

    return router
