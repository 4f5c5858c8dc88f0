"""`hold`: place and lift legal holds."""

from typing import Annotated

import typer

from cli.commands.identity.erase import App, BizId, checked_reason
from cli.connection.actor import command_actor
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from cli.output.terminal import printable

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit")]

commands = typer.Typer(no_args_is_help=True, help="Place or lift legal holds.")


@commands.command()
def place(biz_id: BizId, app: App, reason: Reason, data_dir: DataDirOption = None) -> None:
    """Hold a verification: nothing of it is erased, by request or by age."""
    why, actor = checked_reason(reason), command_actor()
    hold = run_on(
        lambda gateway: gateway.identity.erasures().hold(app, biz_id, actor=actor, reason=why),
        find_servers(data_dir),
    )
    typer.echo(f"held by {hold.placed_by}: {printable(hold.reason)}")


@commands.command()
def lift(biz_id: BizId, app: App, reason: Reason, data_dir: DataDirOption = None) -> None:
    """Lift the hold on a verification."""
    why, actor = checked_reason(reason), command_actor()
    if not run_on(
        lambda gateway: gateway.identity.erasures().lift(app, biz_id, actor=actor, reason=why),
        find_servers(data_dir),
    ):
        raise CommandFailed("there is no hold on this verification")
    typer.echo("lifted")
