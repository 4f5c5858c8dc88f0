"""`keys`: the epoch keys, and wrapping stored keys again after a change of master keys or of the format."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import ServerAway
from domain.identity.keys.epochs import Epoch

REST: Final = 1.0
"""Seconds between two pages of a rewrap while callbacks wait for workers."""

commands = typer.Typer(no_args_is_help=True, help="List epoch keys, or wrap stored keys again.")


@commands.command()
def epochs(data_dir: DataDirOption = None) -> None:
    """List every epoch with its state and the number of rows whose data keys are under it."""
    found, rows = run_on(_read_epochs, find_servers(data_dir))
    console = create_console()
    console.print(_table(found, rows) if found else "There are no epochs.")
    if lost := sum(rows[each] for each in rows.keys() - {epoch.id for epoch in found}):
        console.print(f"{lost} rows are under epochs that the key store does not know.")


@commands.command()
def rewrap(data_dir: DataDirOption = None) -> None:
    """Wrap stored keys by their epochs and by the newest master key. Can be ended and run again at any time.

    Workers may run meanwhile: while callbacks wait, this goes on slowly. Nothing is encrypted again: only the
    keys' wrapping changes. The blind index of ID numbers is hashed again under the newest master key.
    """
    run_on(_rewrap, find_servers(data_dir))


async def _read_epochs(gateway: Gateway) -> tuple[list[Epoch], Counter[UUID]]:
    if gateway.keys.store is None:
        raise CommandFailed("FACEID_KEYS_URL is not set: the master keys alone protect the data")
    return await gateway.keys.store.epochs(), await gateway.keys.rows()


async def _rewrap(gateway: Gateway) -> None:
    if gateway.keys.store is not None and not await gateway.keys.are_opened_by_all():
        raise CommandFailed(
            "a process runs that cannot open keys under epochs: update it, or set its FACEID_KEYS_URL;"
            " `faceid-gateway workers` lists the processes"
        )
    await gateway.audit().log.note(AuditRow.by(command_actor(), Action.KEYS_REWRAPPED))
    of_epochs = await gateway.keys.rewrap_epochs()
    done, unreadable = await _rewrap_rows(gateway)
    numbers = await gateway.identity.index_again()
    typer.echo(f"{of_epochs.done} epoch(s) and {done} row(s) rewrapped")
    if numbers:
        typer.echo(f"{numbers} ID number(s) hashed again")
    if unreadable or of_epochs.unreadable:
        raise CommandFailed(
            f"{unreadable + of_epochs.unreadable} unreadable: no configured master key opens them"
        )


async def _rewrap_rows(gateway: Gateway) -> tuple[int, int]:
    """The numbers of rewrapped and of unreadable rows."""
    rewrap, done, unreadable = gateway.keys.rewrap(), 0, 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rewrapping", total=await rewrap.count())
        async for step in rewrap.steps():
            done, unreadable = done + step.done, unreadable + step.unreadable
            progress.advance(task, step.done)
            await _give_way(gateway)
    return done, unreadable


async def _give_way(gateway: Gateway) -> None:
    """Rest while callbacks wait, so that few decisions are lost to this. Redis is not needed."""
    with suppress(ServerAway):
        if await gateway.keys.callbacks_wait():
            await asyncio.sleep(REST)


def _table(found: list[Epoch], rows: Counter[UUID]) -> Table:
    now = datetime.now(UTC)
    table = Table(header_style="bold")
    for name in ("app", "from", "until", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("id", no_wrap=True)
    for epoch in found:
        period = epoch.period
        times = (f"{at:%Y-%m-%d %H:%M}Z" for at in (period.begins, period.ends))
        table.add_row(period.app_id, *times, _state(epoch, now), str(rows[epoch.id]), str(epoch.id))
    return table


def _state(epoch: Epoch, now: datetime) -> str:
    if epoch.destroyed_at is not None:
        return f"destroyed {epoch.destroyed_at:%Y-%m-%d}"
    if epoch.period.has(now):
        return "current"
    return "ahead" if epoch.period.begins > now else "ended"
