"""Compose the simulator. Its state is only in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import uvicorn
from fastapi import APIRouter, FastAPI, Response

from simulator.api.answers import Clock
from simulator.api.routes import unknown_api_routes, vendor_routes
from simulator.book import Book
from simulator.control import control_routes
from simulator.messages.sender import Sender
from simulator.pages import page
from simulator.pages.flow_page import flow_routes
from simulator.receivers import receiver_routes
from simulator.settings import SimulatorSettings


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: SimulatorSettings,
    *,
    clock: Clock = utc_now,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The ASGI app; its lifespan must run, since it opens and closes the HTTP client of outgoing messages.

    `clock` returns aware UTC. `transport` replaces the network for outgoing messages.
    """
    book = Book(settings.apps, token_life=timedelta(seconds=settings.token_life))
    sender = Sender(transport)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with sender:
            yield

    # No docs pages: FastAPI's load scripts from the internet, which the simulator must not need.
    routers = (
        vendor_routes(book, clock),
        flow_routes(book, sender, clock),
        unknown_api_routes(clock),
        control_routes(book, sender, clock),
        receiver_routes(),
        _front_routes(settings),
    )
    return FastAPI(
        title="FaceID H5 simulator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # Not `include_router`, which builds each route a second time, at the first request that it may match.
        routes=[route for router in routers for route in router.routes],
    )


def run(settings: SimulatorSettings) -> None:
    """Serve until a signal. No access log, since get_result has the api_secret in its query string."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        ws="none",
    )


def _front_routes(settings: SimulatorSettings) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def show_index() -> Response:
        apps = ", ".join(settings.apps) or "—"
        return page("index", title="FaceID H5 模拟器", public_url=settings.public_url.rstrip("/"), apps=apps)

    @router.get("/healthz")
    async def is_up() -> dict[str, str]:
        return {"status": "ok"}

    return router
