"""The supervisor alone, with small programs in the place of roles."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import pytest

from cli.output.failures import CommandFailed
from cli.supervisor.child import Child
from cli.supervisor.supervisor import Supervisor

PATIENCE = 60


def starting(program: str) -> Callable[[int], Awaitable[Child]]:
    return lambda _number: Child.start([sys.executable, "-c", program], ())


async def test_one_that_dies_again_and_again_ends_all_with_the_reason() -> None:
    closed = asyncio.Event()
    supervisor = Supervisor(starting("import os, signal; os.abort()"), count=1, patience=PATIENCE)
    with pytest.raises(CommandFailed, match=r"^process 0 ended 5 times in a row \(SIGABRT\)"):
        await asyncio.wait_for(supervisor.run(on_stop=closed.set), PATIENCE)
    assert closed.is_set()


async def test_one_that_does_not_end_in_time_is_killed() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    supervisor = Supervisor(starting(f"{deaf}; time.sleep(600)"), count=2, patience=0.1)
    running = asyncio.create_task(supervisor.run(on_stop=lambda: None))
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGTERM)
    await asyncio.wait_for(running, PATIENCE)


async def test_a_program_that_is_not_there_is_the_reason() -> None:
    supervisor = Supervisor(lambda _: Child.start(["/nowhere/python"], ()), count=1, patience=PATIENCE)
    with pytest.raises(CommandFailed, match="/nowhere/python"):
        await asyncio.wait_for(supervisor.run(on_stop=lambda: None), PATIENCE)
