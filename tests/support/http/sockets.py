"""A listener on a real socket, and clients that send it bytes of any kind."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from service.http.connections import Connections, Limits
from service.http.lifecycle import Lifecycle
from service.http.protocol import LimitedProtocol, limited_protocol
from service.http.serving import GracefulServer
from tests.support.http.asgi import FORM

NOTIFY = "/callbacks/demo/notify"


@asynccontextmanager
async def served(app: ASGIApp, limits: Limits) -> AsyncIterator["Listener"]:
    """The app on a free loopback port, with these limits."""
    connections = Connections(limits)
    config = uvicorn.Config(
        app, http=limited_protocol(connections), ws="none", lifespan="off", log_config=None
    )
    server = GracefulServer(config, Lifecycle(), connections, shutdown_delay=0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        listener = Listener(listening.getsockname()[1], connections)
        try:
            yield listener
        finally:
            for client in listener.clients:
                client.abort()
            server.should_exit = server.force_exit = True
            await task


class Listener:
    """Its port, and what it knows of its connections."""

    def __init__(self, port: int, connections: Connections) -> None:
        self.port = port
        self.connections = connections
        self.clients: list[Client] = []

    async def connect(self) -> "Client":
        """A new connection."""
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.clients[-1]

    async def is_empty(self) -> bool:
        """Whether it has no connection."""
        return self.connections.count == 0

    async def is_in_use(self) -> bool:
        """Whether it has a connection."""
        return self.connections.count > 0

    async def exchange(self, sent: bytes) -> bytes:
        """Everything that comes back on a new connection until it ends."""
        client = await self.connect()
        client.send(sent)
        return await client.rest()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Send, without waiting."""
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """The next answer: its status and body."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0] or b"0")
            return int(head.split(b" ", 2)[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Everything until the connection ends."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""
            finally:
                self.abort()

    def abort(self) -> None:
        """Close at once."""
        if not self.writer.is_closing():
            self.writer.transport.abort()


def post(body: bytes, *more: str, path: str = NOTIFY) -> bytes:
    """A callback as bytes, with more header lines."""
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-type: {FORM}", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, *more, "", ""]).encode() + body


def protocols_alive() -> int:
    """Connections of all listeners in this process that are not freed."""
    return sum(isinstance(found, LimitedProtocol) for found in gc.get_objects())


def statuses(received: bytes) -> list[int]:
    """The statuses of all answers."""
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
