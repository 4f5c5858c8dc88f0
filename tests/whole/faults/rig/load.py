"""Load that outlives its target: keep-alive connections that send callbacks, each once, as the vendor does.

A biz_id counts as acknowledged the moment its whole 200 has arrived. What was under way when a connection
broke is nobody's promise: it may be decided or not.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from devstack.environment import APP_ID
from tests.whole.faults.rig.callbacks import app_of, callback_form, new_biz_id
from tests.whole.faults.rig.harness import Rig

PATIENCE: Final = 120.0
_PAUSE: Final = 0.02
_HEAD_END: Final = b"\r\n\r\n"


class Load:
    """What was sent and what came back. `refused`: answers 503; `broken`: connections that ended first;
    `waits`: the seconds until each answer."""

    def __init__(self, rig: Rig, biz_ids: Iterator[str], *, port: int) -> None:
        self._port = port
        self._secret = rig.secrets.api_secret.encode()
        self._biz_ids = biz_ids
        self.issued: set[str] = set()
        self.acknowledged: set[str] = set()
        self.refused = 0
        self.broken = 0
        self.unexpected: Counter[str] = Counter()
        self.waits: list[float] = []
        self.stopping = False

    @property
    def slowest(self) -> float:
        """The longest wait for an answer, in seconds."""
        return max(self.waits, default=0.0)

    @property
    def answered(self) -> int:
        """How many answers came, whatever they said."""
        return len(self.acknowledged) + self.refused + self.unexpected.total()

    async def acknowledges(self, more: int) -> None:
        """Return when this many more callbacks are acknowledged."""
        wanted = len(self.acknowledged) + more
        await _until(lambda: len(self.acknowledged) >= wanted, f"{more} more acknowledged")

    async def answers(self, more: int) -> None:
        """Return when this many more requests are answered."""
        wanted = self.answered + more
        await _until(lambda: self.answered >= wanted, f"{more} more answered")

    async def refuses(self, more: int) -> None:
        """Return when this many more requests are answered by 503."""
        wanted = self.refused + more
        await _until(lambda: self.refused >= wanted, f"{more} more refused")

    async def send(self, pause: float) -> None:
        """Send on one connection, on a new one when it breaks, until `stopping`."""
        while not self.stopping:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(_PAUSE)
                continue
            try:
                await self._send_all(reader, writer, pause)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.broken += 1
            finally:
                writer.transport.abort()

    async def _send_all(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float
    ) -> None:
        for biz_id in self._biz_ids:
            self.issued.add(biz_id)
            sent_at = time.monotonic()
            writer.write(request(callback_form(biz_id, self._secret), app_id=app_of(biz_id)))
            status = await read_answer(reader)
            self.waits.append(time.monotonic() - sent_at)
            self._count(status, biz_id)
            await asyncio.sleep(pause)
            if self.stopping:
                return
        self.stopping = True

    def _count(self, status: str, biz_id: str) -> None:
        if status == "200":
            self.acknowledged.add(biz_id)
        elif status == "503":
            self.refused += 1
        else:
            self.unexpected[status] += 1


def request(form: bytes, *, kind: str = "notify", app_id: str = APP_ID) -> bytes:
    """A callback as HTTP."""
    return (
        b"POST /callbacks/%b/%b HTTP/1.1\r\nhost: faults\r\n"
        b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n%b"
        % (app_id.encode(), kind.encode(), len(form), form)
    )


async def read_answer(reader: asyncio.StreamReader) -> str:
    """Read one whole answer; its status."""
    head = (await reader.readuntil(_HEAD_END)).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return head[9:12].decode()


@asynccontextmanager
async def sending(
    rig: Rig,
    *,
    connections: int = 32,
    rate: float = 600,
    biz_ids: Iterable[str] | None = None,
    port: int | None = None,
) -> AsyncIterator[Load]:
    """Load inside the block, at most `rate` callbacks per second; what is under way behind it is awaited.

    It is about `biz_ids`, or about new ones without end, and goes to the ingress or to `port`.
    """
    chosen = _without_end() if biz_ids is None else iter(biz_ids)
    load = Load(rig, chosen, port=rig.ports["ingress"] if port is None else port)
    senders = [asyncio.create_task(load.send(connections / rate)) for _ in range(connections)]
    try:
        yield load
    finally:
        load.stopping = True
        _, left = await asyncio.wait(senders, timeout=30)
        for task in left:
            task.cancel()
        await asyncio.gather(*senders)


def _without_end() -> Iterator[str]:
    while True:
        yield new_biz_id()


async def _until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE:g} s: {what}") from None
