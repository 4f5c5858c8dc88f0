"""Compose the console: the only module of this listener that builds adapters."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from service.console.app import static
from service.console.app.errors import install_error_pages
from service.console.app.headers import StrictHeaders
from service.console.context import ConsoleContext
from service.console.pages import (
    dead_letters,
    deliveries,
    endpoint_actions,
    endpoints,
    health,
    preferences,
    sign_in,
    today,
    verification,
    verifications,
)
from service.http.serving import NO_TELEMETRY, VERSION

MAX_BODY: Final = 256 * 1024
"""Bytes of a form; the largest has the text of a policy."""

ROUTERS: Final = (
    static.router,
    health.router,
    sign_in.router,
    preferences.router,
    today.router,
    verifications.router,
    verification.router,
    dead_letters.router,
    endpoints.router,
    endpoint_actions.router,
    deliveries.router,
)


class Console(FastAPI):
    """An app whose every answer has the strict headers, also the one to a defect."""

    def build_middleware_stack(self) -> ASGIApp:
        """The stack that answers requests."""
        return StrictHeaders(super().build_middleware_stack())


def create_app(context: ConsoleContext, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The console with the given context."""
    app = Console(
        title="faceid-gateway console",
        version=VERSION,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router)
    install_error_pages(app)
    return app
