"""`token`: bearer tokens of the internal API."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from adapters.configuration.visible import check_visible
from adapters.postgres.engine import create_engine
from adapters.settings import load_settings
from adapters.store.tokens import PgTokens, new_token
from cli.failures import CommandFailed
from domain.views.tokens import SCOPES

Answer = TypeVar("Answer")
Name = Annotated[str, typer.Argument(help="What the token is for; unique")]

commands = typer.Typer(no_args_is_help=True, help="Bearer tokens of the internal API.")


class TokenExists(CommandFailed):
    """No token was made: there is one of this name."""


@commands.command()
def create(
    name: Name,
    scope: Annotated[list[str], typer.Option(help=f"One of: {', '.join(SCOPES)}; repeatable")],
    app: Annotated[list[str] | None, typer.Option(help="For this app; repeatable")] = None,
    all_apps: Annotated[bool, typer.Option("--all-apps", help="For every app, later ones too")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; otherwise never")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="End the token of this name")] = False,
) -> None:
    """Make a token for what is named, and print it, this once."""
    if bool(app) == all_apps:
        raise typer.BadParameter("name each --app, or say --all-apps")
    _check_name(name)
    _check_known("scope", scope, SCOPES)
    _check_known("app", app or (), load_settings().apps)
    apps = app or None
    token = new_token()
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)

    async def make(tokens: PgTokens) -> bool:
        if not replace:
            return await tokens.add(name, token, apps=apps, scopes=scope, expires_at=expires_at)
        await tokens.put(name, token, apps=apps, scopes=scope, expires_at=expires_at)
        return True

    if not _with_tokens(make):
        raise TokenExists(f"there is a token {name!r} already; --replace ends it and makes another")
    typer.echo(token)


def _check_known(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(named) - set(known):
        there = ", ".join(sorted(known))
        raise typer.BadParameter(f"unknown {what}: {', '.join(sorted(unknown))}; there are {there}")


def _check_name(name: str) -> None:
    try:
        check_visible(name)
    except ValueError as error:
        raise typer.BadParameter(f"the name {error}") from None


@commands.command(name="list")
def list_tokens() -> None:
    """List the tokens, without their secrets."""
    found = _with_tokens(lambda tokens: tokens.all())
    if not found:
        typer.echo("There are no tokens.")
        return
    table = Table("name", "apps", "scopes", "expires")
    for token in found:
        apps = "all" if token.apps is None else ", ".join(token.apps)
        expires = "never" if token.expires_at is None else token.expires_at.isoformat(timespec="minutes")
        table.add_row(token.name, apps, ", ".join(token.scopes), expires)
    Console().print(table)


@commands.command()
def revoke(name: Name) -> None:
    """Revoke a token at once."""
    if not _with_tokens(lambda tokens: tokens.revoke(name)):
        typer.echo(f"There is no token {name!r}.", err=True)
        raise typer.Exit(1)


def _with_tokens(action: Callable[[PgTokens], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        engine = create_engine(load_settings().database_url)
        try:
            return await action(PgTokens(engine))
        finally:
            await engine.dispose()

    return asyncio.run(run())
