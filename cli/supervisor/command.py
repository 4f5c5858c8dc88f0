"""Run a role as several processes under a supervisor."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from cli.supervisor.child import Child
from cli.supervisor.supervisor import Supervisor

_ENDS_WITHIN: Final = 40.0
"""Seconds that a role needs at most to finish, after the delay of a listener (see docs/architecture.md)."""
_SCRAPE_WITHIN: Final = 3.0

Doors = Sequence[Sequence[socket.socket]]
Statuses = Mapping[str, Mapping[str, object]]


def supervise(
    role: Sequence[str],
    *,
    count: int,
    doors: Doors = (),
    shutdown_delay: float = 0,
    metrics: tuple[str, int | None] = ("", None),
) -> None:
    """Keep `count` processes of this command running; the first serves on `doors[0]`, and so on.

    `metrics`: host and port of the page about all processes, which is an ingress's; None: no page.

    Raises:
        CommandFailed: a process ended five times in a row, or could not be started.
        SettingsError: the port of the page cannot be used.
    """
    asyncio.run(_supervise(_create(role, count, doors, shutdown_delay), doors, metrics))


def _create(role: Sequence[str], count: int, doors: Doors, shutdown_delay: float) -> Supervisor:
    # A fresh interpreter: it reads the settings, the policies and the code as they are now. -P: like the
    # installed command, and unlike `python -m cli`, it looks for no module in the current folder.
    safe = () if str(Path.cwd()) in sys.path else ("-P",)
    argv = (sys.executable, *safe, "-m", "cli", *role)
    return Supervisor(
        lambda number: Child.start(argv, doors[number] if doors else ()),
        count=count,
        patience=shutdown_delay + _ENDS_WITHIN,
    )


async def _supervise(supervisor: Supervisor, doors: Doors, metrics: tuple[str, int | None]) -> None:
    with contextlib.ExitStack() as page:
        host, port = metrics
        if port is not None:
            from service.ingress.metrics import serving_metrics  # noqa: PLC0415 - only with a port

            read = _reader(supervisor, asyncio.get_running_loop())
            page.enter_context(serving_metrics(host, port, statuses=read))
        # Once the processes must end, a new connection is refused and does not wait in vain.
        await supervisor.run(on_stop=lambda: _close(doors))


def _reader(supervisor: Supervisor, loop: asyncio.AbstractEventLoop) -> Callable[[], Statuses]:
    """Read the figures from the thread of a scrape."""

    def read() -> Statuses:
        asked = asyncio.run_coroutine_threadsafe(supervisor.figures(), loop)
        return {figures.process: figures.status for figures in asked.result(_SCRAPE_WITHIN)}

    return read


def _close(doors: Doors) -> None:
    for each in doors:
        for door in each:
            door.close()
