"""`token`: bearer tokens of the internal API."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from adapters.database import create_engine
from adapters.settings import load_settings
from adapters.store.tokens import SCOPES, PgTokens, new_token

Answer = TypeVar("Answer")
Name = Annotated[str, typer.Argument(help="What the token is for; unique")]

commands = typer.Typer(no_args_is_help=True, help="Bearer tokens of the internal API.")


@commands.command()
def create(
    name: Name,
    app: Annotated[list[str] | None, typer.Option(help="Limit to this app; repeatable")] = None,
    scope: Annotated[list[str] | None, typer.Option(help=f"One of: {', '.join(SCOPES)}; repeatable")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires")] = None,
) -> None:
    """Make a token and print it, this once. A token of the same name is replaced."""
    scopes = scope or list(SCOPES)
    if unknown := set(scopes) - set(SCOPES):
        raise typer.BadParameter(f"unknown scope: {', '.join(sorted(unknown))}")
    token = new_token()
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    _with_tokens(lambda tokens: tokens.put(name, token, apps=app, scopes=scopes, expires_at=expires_at))
    typer.echo(token)


@commands.command(name="list")
def list_tokens() -> None:
    """List the tokens, without their secrets."""
    table = Table("name", "apps", "scopes", "expires")
    for token in _with_tokens(lambda tokens: tokens.all()):
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
