"""Run the work of a command on a running gateway."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.connection.connected import Gateway, connected
from cli.connection.whereabouts import Servers

Answer = TypeVar("Answer")


def run_on(work: Callable[[Gateway], Awaitable[Answer]], servers: Servers, *, silent: bool = False) -> Answer:
    """Do `work` on the gateway of these servers, in an event loop of its own. `silent`: log nothing."""

    async def connect() -> Answer:
        async with connected(servers, silent=silent) as gateway:
            return await work(gateway)

    return asyncio.run(connect())
