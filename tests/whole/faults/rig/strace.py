"""Watch a process's system calls, or let them fail, by strace."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from tests.whole.faults.rig.tools import find_strace

ATTACH_PATIENCE: Final = 30
_TRACED: Final = "fdatasync,fsync,write,writev,pwrite64,sendto,sendmsg,read,recvfrom"
_SHOWN: Final = "4000"
"""Bytes of each text: enough for the head of a request and of a batch."""


class Call(msgspec.Struct, frozen=True):
    """One system call on a file or connection; `start` and `end` in seconds of the machine's clock."""

    name: str
    file: str
    text: str
    result: int
    start: float
    end: float


_LINE: Final = re.compile(
    r"(?P<start>\d+\.\d+) (?P<name>\w+)\(\d+<(?P<file>TCP[^\]]*\]|[^>]*)>(?:, )?(?P<text>.*)\)"
    r" += (?P<result>-?\d+).* <(?P<took>\d+\.\d+)>"
)


@asynccontextmanager
async def traced(pid: int, folder: Path) -> AsyncIterator[None]:
    """Note every read, write and sync of a process while the block runs; `read_calls` reads the notes."""
    await asyncio.to_thread(folder.mkdir)
    options = (
        "-ff",
        "-yy",
        "-ttt",
        "-T",
        "-s",
        _SHOWN,
        "-e",
        f"trace={_TRACED}",
        "-o",
        str(folder / "calls"),
    )
    async with attached(pid, options):
        yield


@asynccontextmanager
async def failing(pid: int, files: Sequence[Path], injection: str) -> AsyncIterator[None]:
    """Let a process's calls on these files fail as strace's `-e inject=` says while the block runs."""
    paths = [part for file in files for part in ("-P", str(file))]
    async with attached(pid, (*paths, "-e", f"inject={injection}", "-o", "/dev/null")):
        yield


@asynccontextmanager
async def attached(pid: int, options: Sequence[str]) -> AsyncIterator[None]:
    """strace on a running process, with all its threads, while the block runs."""
    program = find_strace()
    assert program is not None
    strace = await asyncio.create_subprocess_exec(
        program, "-f", "-e", "signal=none", *options, "-p", str(pid), stderr=asyncio.subprocess.PIPE
    )
    try:
        assert strace.stderr is not None
        said = await asyncio.wait_for(strace.stderr.readline(), ATTACH_PATIENCE)
        assert b"attached" in said, said
        yield
    finally:
        with suppress(ProcessLookupError):
            strace.send_signal(signal.SIGINT)
        await strace.communicate()


def read_calls(folder: Path) -> list[Call]:
    """What `traced` noted, in the order in which the calls began."""
    found = (parse_call(line) for file in folder.iterdir() for line in file.read_text("latin-1").splitlines())
    return sorted((call for call in found if call is not None), key=lambda call: call.start)


def parse_call(line: str) -> Call | None:
    """A line of strace's; None where it tells of no call on a file that has ended."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    start = float(match["start"])
    return Call(
        name=match["name"],
        file=match["file"],
        text=match["text"],
        result=int(match["result"]),
        start=start,
        end=start + float(match["took"]),
    )
