"""`workers`: list the live processes of the gateway and their status."""

import socket
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.processes.places import this_place
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console
from domain.views.operations.processes import Heartbeat, SeenHeartbeat


class NoWorker(CommandFailed):
    """No worker is alive, so no callback is processed."""


def workers_command(
    here: Annotated[
        bool, typer.Option("--here", help="Only processes of this container or machine (for health checks)")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """List the live processes by their heartbeats; exit with 1 if no worker is alive."""
    alive = run_on(lambda gateway: gateway.processes().alive(), find_servers(data_dir))
    if here:
        alive = [seen for seen in alive if _is_here(seen.heartbeat)]
    if alive:
        create_console().print(table_of(alive))
    if not any(seen.heartbeat.role == "worker" for seen in alive):
        raise NoWorker("no worker is alive")


def _is_here(heartbeat: Heartbeat) -> bool:
    if heartbeat.place:
        return heartbeat.place == this_place()
    return heartbeat.host == socket.gethostname()


def table_of(alive: Sequence[SeenHeartbeat]) -> Table:
    """A row for each live process."""
    table = Table(header_style="bold")
    for name in ("role", "host", "pid", "version", "up since", "seen", "status"):
        table.add_column(name, overflow="fold")
    for seen in alive:
        beat = seen.heartbeat
        table.add_row(
            beat.role,
            escape(beat.host),
            str(beat.pid),
            beat.version,
            f"{beat.started_at:%Y-%m-%d %H:%M}Z",
            f"{seen.age.total_seconds():.0f} s ago",
            escape("; ".join(f"{name} {_worded(value)}" for name, value in beat.status.items())),
        )
    return table


def _worded(value: Any) -> str:
    """A value as text. A tree or a list of counts is shown as its total; `/metrics` has the parts."""
    if value is None:
        return "–"
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        return str(sum(value))
    if not isinstance(value, dict):
        return f"{value:.1f}" if isinstance(value, float) else str(value)
    leaves = list(_leaves(value))
    if all(type(leaf) in (int, float) for leaf in leaves):
        return _worded(sum(leaves))
    return ", ".join(f"{name} {_worded(part)}" for name, part in value.items())


def _leaves(tree: dict[Any, Any]) -> Iterator[Any]:
    for part in tree.values():
        if isinstance(part, dict):
            yield from _leaves(part)
        else:
            yield part
