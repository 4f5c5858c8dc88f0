"""A tiny HTTP server in the vendor's place, that can end a call in every way there is."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Ending = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What the server does with one request; the connection stays open unless it closes it."""

FOREVER = 3600


class VendorServer:
    """Answers requests with `endings`, one after the other, the last one for ever."""

    def __init__(self, *endings: Ending) -> None:
        self.endings = list(endings)
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The request lines' targets, as they came."""
        return [request.split(" ", 2)[1] for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head.decode("latin-1"))
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                self.bodies.append(await reader.readexactly(int(length[1])) if length else b"")
                await self.endings[min(len(self.requests), len(self.endings)) - 1](writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self._handlers.discard(task)
            writer.transport.abort()

    async def stop(self) -> None:
        for handler in list(self._handlers):
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)


@asynccontextmanager
async def serving(*endings: Ending) -> AsyncIterator[VendorServer]:
    """A server on a free loopback port."""
    vendor = VendorServer(*endings)
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.port = server.sockets[0].getsockname()[1]
    try:
        yield vendor
    finally:
        server.close()
        await vendor.stop()


def answers(status: int, body: bytes = b"{}", **headers: str) -> Ending:
    """A whole answer."""

    async def end(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return end


def refuses(status: int, error_message: str) -> Ending:
    """The vendor's own refusal."""
    return answers(status, json.dumps({"request_id": "r", "error_message": error_message}).encode())


def gzipped(body: bytes) -> Ending:
    """A compressed answer, which nobody asked for."""
    return answers(200, gzip.compress(body), content_encoding="gzip")


def sends(*chunks: bytes, pause: float = 0) -> Ending:
    """Raw bytes, with a pause behind each piece, then the end of the connection."""

    async def end(writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()

    return end


def floods(size: int) -> Ending:
    """An endless-looking chunked answer of `size` bytes."""

    async def end(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        piece = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        for _ in range(size // 0x4000 + 1):
            writer.write(piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    return end


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Takes the request and never answers."""
    await asyncio.sleep(FOREVER)


async def resets(writer: asyncio.StreamWriter) -> None:
    """Takes the request and resets the connection."""
    writer.transport.abort()


async def closes(writer: asyncio.StreamWriter) -> None:
    """Takes the request and closes the connection in order."""
    writer.close()


def parameters(target: str) -> dict[str, str]:
    """The query of a request target, not decoded."""
    return dict(re.findall(r"[?&]([^=&]+)=([^&]*)", target))
