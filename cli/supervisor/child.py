"""One supervised process and the supervisor's end of the link to it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from typing import Final, Self

import msgspec

from adapters.processes.supervisor_link import FIGURES, LINK_VARIABLE, READY, RETIRE, Figures

_ANSWERS_WITHIN: Final = 1.0
_LONGEST_LINE: Final = 16 * 1024 * 1024


class Child:
    """A process that has been started; see `adapters.processes.supervisor_link` for the lines."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._writer = writer
        self._ready = asyncio.Event()
        self._figures: asyncio.Future[Figures | None] | None = None
        self._reading = asyncio.create_task(self._read(reader))
        self.started_at: Final = asyncio.get_running_loop().time()

    @classmethod
    async def start(cls, argv: Sequence[str], doors: Sequence[socket.socket]) -> Self:
        """Start `argv` in a new session, so that the terminal's signals reach the supervisor alone."""
        ours, theirs = socket.socketpair()
        passed = [theirs.fileno(), *(door.fileno() for door in doors)]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=os.environ | {LINK_VARIABLE: ",".join(map(str, passed))},
                pass_fds=passed,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(process, *await asyncio.open_connection(sock=ours, limit=_LONGEST_LINE))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def is_ready(self, *, within: float) -> bool:
        """Whether it works, at the latest `within` seconds from now; False also once it has ended."""
        waits = {asyncio.create_task(self._ready.wait()), asyncio.create_task(self._process.wait())}
        try:
            await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self._ready.is_set() and self._process.returncode is None

    async def ended(self) -> str:
        """Wait for its end and say how it ended: `exit 1`, `SIGKILL`."""
        code = await self._process.wait()
        await asyncio.wait({self._reading})
        return f"exit {code}" if code >= 0 else signal.Signals(-code).name

    async def figures(self) -> Figures | None:
        """Its figures; None if it has none or does not answer within a second. One call at a time."""
        self._figures = asyncio.get_running_loop().create_future()
        self._send(FIGURES)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWERS_WITHIN):
                return await self._figures
        return None

    def retire(self) -> None:
        """Ask it to accept nothing more, finish, and end."""
        self._send(RETIRE)

    def send_signal(self, signum: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signum)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            async for line in reader:
                self._note(line.strip())
        self._writer.close()

    def _note(self, line: bytes) -> None:
        if line == READY:
            self._ready.set()
        elif self._figures is not None and not self._figures.done():
            self._figures.set_result(msgspec.json.decode(line, type=Figures | None))

    def _send(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line + b"\n")
