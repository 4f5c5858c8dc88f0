"""`dead-letters`: list, retry and delete the callbacks that could not be understood or processed."""

from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.options import AppOption
from cli.output.terminal import create_console
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import NoSuchLetter
from domain.views.letters import DeadLetter, LetterFilter

LetterId = Annotated[
    UUID | None, typer.Argument(metavar="[ID]", help="ID of one letter; alternatively give --reason")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Only letters with this reason")]

commands = typer.Typer(
    no_args_is_help=True, help="List, retry or delete callbacks that could not be processed."
)


@commands.command(name="list")
def list_letters(
    app: AppOption = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most N letters, most recently seen first")] = 50,
    retried: Annotated[
        bool, typer.Option("--retried", help="Show letters that are being retried instead")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """List dead letters, most recently seen first, without their content."""
    which = _filter(app, reason, retried=retried)

    async def read(gateway: Gateway) -> tuple[list[DeadLetter], int]:
        letters = gateway.dead_letters()
        return await letters.page(which, limit=limit), await letters.count(which)

    page, count = run_on(read, find_servers(data_dir))
    create_console().print(_table(page) if page else _nothing(app, reason, retried=retried))
    if count > len(page):
        typer.echo(f"… and {count - len(page)} more")


@commands.command()
def retry(
    letter_id: LetterId = None,
    reason: Reason = None,
    app: AppOption = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Retry at most N letters, least recently seen first")
    ] = 1000,
    data_dir: DataDirOption = None,
) -> None:
    """Put dead letters back into the inbox: one by its ID, or all with a reason."""
    _one_of(letter_id, reason)
    actor, servers = command_actor(), find_servers(data_dir)
    if letter_id is not None:
        run_on(
            lambda gateway: gateway.retries().retry_one(letter_id, _apps(app), actor=actor),
            servers,
        )
        typer.echo("1 retried")
        return
    which = _filter(app, reason)
    done = run_on(lambda gateway: gateway.retries().retry_all(which, limit=limit, actor=actor), servers)
    typer.echo(f"{done.retried} retried, {done.remaining} remaining")
    if done.unreadable:
        typer.echo(
            f"{done.unreadable} of them are unreadable: no configured master key decrypts them", err=True
        )


@commands.command()
def delete(
    letter_id: LetterId = None,
    reason: Reason = None,
    app: AppOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking for confirmation")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Delete dead letters permanently: one by its ID, or all with a reason."""
    _one_of(letter_id, reason)
    which, servers = _filter(app, reason), find_servers(data_dir)
    if not yes:
        count = 1 if letter_id else run_on(lambda gateway: gateway.dead_letters().count(which), servers)
        typer.confirm(f"Delete {count} dead letter(s)? This cannot be undone.", abort=True)

    async def remove(gateway: Gateway) -> int:
        letters = gateway.dead_letters()
        if letter_id is None:
            row = AuditRow.by(command_actor(), Action.LETTERS_DELETED, detail={"reason": reason})
            return await letters.delete_all(which, audit=row)
        row = AuditRow.by(command_actor(), Action.LETTER_DELETED, subject=str(letter_id))
        return int(await letters.delete(letter_id, _apps(app), audit=row))

    count = run_on(remove, servers)
    if not count:
        raise NoSuchLetter
    typer.echo(f"{count} deleted")


def _one_of(letter_id: UUID | None, reason: str | None) -> None:
    if (letter_id is None) == (reason is None):
        raise typer.BadParameter("name either an ID or a --reason")


def _nothing(app: str | None, reason: str | None, *, retried: bool) -> str:
    if app is None and reason is None:
        return "No dead letter is being retried." if retried else "There are no dead letters."
    return "There is no such dead letter."


def _filter(app: str | None, reason: str | None, *, retried: bool = False) -> LetterFilter:
    return LetterFilter(_apps(app), reason, retried=retried)


def _apps(app: str | None) -> list[str] | None:
    return None if app is None else [app]


def _table(page: list[DeadLetter]) -> Table:
    table = Table(header_style="bold")
    table.add_column("id", no_wrap=True)
    for name in ("app", "reason", "detail"):
        table.add_column(name, overflow="fold")
    table.add_column("attempts", justify="right")
    table.add_column("first and last seen", no_wrap=True)
    for letter in page:
        seen = "\n".join(f"{at:%Y-%m-%d %H:%M:%S}Z" for at in (letter.first_seen_at, letter.last_seen_at))
        cells = (letter.app_id, letter.reason, escape(letter.detail))
        table.add_row(str(letter.id), *cells, str(letter.attempts), seen)
    return table
