"""`erase`: erase the identity of one verification, or show what each place holds of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway, connected
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.terminal import create_console
from domain.events.times import utc_text
from domain.identity.erasure import LONGEST_REASON, ErasureView, Receipt

Answer = TypeVar("Answer")
BizId = Annotated[str, typer.Argument(help="The verification's biz_id")]
App = Annotated[str, typer.Option("--app", help="The app of the verification")]
_WAITING = "callbacks in inbox or spool: recorded without identity when they arrive"


def erase_command(
    biz_id: BizId,
    app: App,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept in the audit")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Erase nothing, list every place")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Erase the identity of a verification, for good, and print the signed receipt as JSON.

    Decision, facts and explanation stay. The same again prints the same receipt.
    """
    if explain:
        view = run(lambda gateway: gateway.erasures().explain(app, biz_id), data_dir)
        _show(view)
        return
    why, actor = checked_reason(reason), command_actor()
    receipt: Receipt = run(
        lambda gateway: gateway.erasures().erase(app, biz_id, actor=actor, reason=why), data_dir
    )
    typer.echo(msgspec.json.encode(receipt).decode())


def checked_reason(reason: str | None) -> str:
    """The reason without blanks around it. Raises BadParameter if it says nothing, or too much."""
    why = (reason or "").strip()
    if not 0 < len(why) <= LONGEST_REASON:
        raise typer.BadParameter(f"give a reason of 1 to {LONGEST_REASON} characters", param_hint="--reason")
    return why


def run(work: Callable[[Gateway], Awaitable[Answer]], data_dir: Path | None) -> Answer:
    """Do `work` on the gateway of this folder, or of the settings."""

    async def connect() -> Answer:
        async with connected(find_servers(data_dir)) as gateway:
            return await work(gateway)

    return asyncio.run(connect())


def _show(view: ErasureView) -> None:
    table = Table(header_style="bold")
    table.add_column("place", no_wrap=True)
    table.add_column("readable", justify="right")
    for each in view.places:
        table.add_row(each.place, str(each.count))
    create_console().print(table)
    typer.echo(_WAITING)
    if view.hold is not None:
        typer.echo(f"held since {utc_text(view.hold.placed_at)} by {view.hold.placed_by}: {view.hold.reason}")
    if view.begun_at is not None:
        typer.echo(f"an erasure has begun at {utc_text(view.begun_at)}; a worker completes it")
    if view.erased_at is not None:
        typer.echo(f"erased at {utc_text(view.erased_at)}")
