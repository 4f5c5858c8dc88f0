"""A supervised process: it says when it works, hands over to another, and does not outlive its supervisor."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from adapters.processes.supervisor_link import Figures
from cli.supervisor.child import Child
from devstack.waiting import until
from service.http.doors import open_doors
from tests.support.http.clients import plain_client

LISTENER = """
from adapters.processes.supervisor_link import SupervisorLink
from service.http.connections import Limits
from service.http.lifecycle import Lifecycle
from service.http.serving import serve

link = SupervisorLink.of_this_process()
lifecycle = Lifecycle()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        with link.reporting("listener:1", lambda: {"waiting": 7}):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b"draining" if lifecycle.draining else b"serving"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

serve(app, host="", port=0, lifecycle=lifecycle, shutdown_delay=0, limits=Limits(), supervisor=link)
"""
SLEEPER = """
from adapters.processes.supervisor_link import SupervisorLink
import time
link = SupervisorLink.of_this_process()
link.tell_ready()
time.sleep(600)
"""
PATIENCE = 60


@pytest.fixture(autouse=True)
def _our_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@asynccontextmanager
async def running(program: str, *doors: object) -> AsyncIterator[Child]:
    """A child that works; killed if it still runs at the end."""
    child = await Child.start([sys.executable, "-c", program], doors)  # type: ignore[arg-type]
    try:
        assert await child.is_ready(within=PATIENCE)
        yield child
    finally:
        child.send_signal(signal.SIGKILL)
        await child.ended()


async def test_a_listener_that_retires_ends_in_order_and_its_door_stays_open() -> None:
    [door] = open_doors("127.0.0.1", 0)
    port = door.getsockname()[1]
    async with (
        running(LISTENER, door) as child,
        plain_client(f"http://127.0.0.1:{port}") as web,
    ):
        assert (await web.get("/")).headers.get("connection") is None
        child.retire()
        # Several looks at whether it can end: the connection is open, so it cannot.
        await asyncio.sleep(0.5)
        # On the same connection, since nobody accepts another one by now.
        await until(lambda: asks_to_close(web))
        assert await asyncio.wait_for(child.ended(), PATIENCE) == "exit 0"
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
    door.close()


async def asks_to_close(web: httpx2.AsyncClient) -> bool:
    answer = await web.get("/")
    assert answer.content == b"serving", "the listener as a whole stays ready"
    return answer.headers.get("connection") == "close"


async def test_figures_are_answered_while_there_are_some() -> None:
    [door] = open_doors("127.0.0.1", 0)
    async with running(LISTENER, door) as child:
        assert await child.figures() == Figures("listener:1", {"waiting": 7})
    async with running(SLEEPER) as child:
        assert await child.figures() is None
    door.close()


async def test_a_process_that_only_knows_signals_is_retired_by_one() -> None:
    async with running(SLEEPER) as child:
        child.retire()
        assert await asyncio.wait_for(child.ended(), PATIENCE) == "SIGTERM"


async def test_one_that_ends_before_it_works_is_never_ready() -> None:
    child = await Child.start([sys.executable, "-c", "raise SystemExit(3)"], [])
    assert not await child.is_ready(within=PATIENCE)
    assert await child.ended() == "exit 3"


async def test_the_link_goes_no_further_than_to_the_process_itself() -> None:
    program = SLEEPER.replace("import time", "import os, time") + "\n"
    checked = program.replace("link.tell_ready()", "assert not set(os.environ) & {NAME}; link.tell_ready()")
    async with running(checked.replace("NAME", "'GATEWAY_SUPERVISOR_FDS'")):
        assert "GATEWAY_SUPERVISOR_FDS" not in os.environ
