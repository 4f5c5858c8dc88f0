"""The whole way over real sockets: a served simulator notifies a served receiver."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.main import create_app
from simulator.settings import SimulatedApp, SimulatorSettings
from tests.support.http.clients import plain_client


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The app's address while it is served on a free loopback port."""
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None))
    # Who connects before the server runs waits in the backlog.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def test_one_signed_post_reaches_a_real_receiver() -> None:
    bodies: list[bytes] = []

    async def notice(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=204)

    async with served(Starlette(routes=[Route("/notify", notice, methods=["POST"])])) as customer:
        app = SimulatedApp(
            api_key="k", api_secret="s", notify_url=f"{customer}/notify", return_url=f"{customer}/return"
        )
        async with (
            served(create_app(SimulatorSettings(apps={"demo": app}))) as vendor,
            plain_client(vendor) as client,
        ):
            run = {"app_id": "demo", "scenario": "pass", "return": "get"}
            sent = (await client.post("/simulator/verifications", json=run)).json()["sent"]

    assert [(one["to"], one["http_status"]) for one in sent] == [("notify", 204), ("return", 404)]
    [body] = bodies
    form = parse_qs(body.decode(), strict_parsing=True)
    assert form["sign"] == [hashlib.sha1(b"s" + form["data"][0].encode()).hexdigest()]
