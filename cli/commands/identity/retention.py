"""`retention`: erase what has been kept long enough, now."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.terminal import create_console
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.identity.retention import Due

commands = typer.Typer(no_args_is_help=True, help="Erase what has been kept long enough.")


@commands.callback()
def _only_commands() -> None:
    """Keep `run` a command of its own."""


@commands.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Erase nothing, only count")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Count what has been kept long enough, then erase it. Workers do the same, little at a time.

    What a legal hold is on stays. Can be ended and run again at any time.
    """

    async def erase(gateway: Gateway) -> bool:
        retention = gateway.identity.retention()
        due = await retention.due()
        _show(due)
        if dry_run:
            return False
        await gateway.audit().log.note(AuditRow.by(command_actor(), Action.RETENTION_RUN))
        while await retention.run():
            pass
        await retention.destroy_epochs()
        return any(each.free for each in due)

    if run_on(erase, find_servers(data_dir)):
        typer.echo("erased")


def _show(due: Iterable[Due]) -> None:
    table = Table(header_style="bold")
    for name in ("app", "class"):
        table.add_column(name, no_wrap=True)
    for name in ("due", "held"):
        table.add_column(name, justify="right")
    for each in due:
        table.add_row(each.app_id or "(every app)", each.kind, str(each.count), str(each.held))
    create_console().print(table)
