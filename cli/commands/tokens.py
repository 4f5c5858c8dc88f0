"""`token`: create, list and revoke bearer tokens of the internal api."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from adapters.configuration.visible import check_visible
from adapters.sealing.random_secrets import new_secret
from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.views.tokens import PERSON_SCOPES, SCOPES

Name = Annotated[str, typer.Argument(help="Unique name of the token")]

_PERSONS: Final = "person:"
"""A reader of the audit must not take a program for a person."""

commands = typer.Typer(no_args_is_help=True, help="Create, list or revoke the api's bearer tokens.")


class TokenExists(CommandFailed):
    """A token with this name exists already; none was created."""


class NoSuchToken(CommandFailed):
    """There is no token with this name, so none was revoked."""


@commands.command()
def create(
    name: Name,
    scope: Annotated[list[str], typer.Option(help=f"Scope to grant: {', '.join(SCOPES)}; repeatable")],
    app: Annotated[list[str] | None, typer.Option(help="App to grant; repeatable")] = None,
    all_apps: Annotated[
        bool, typer.Option("--all-apps", help="Grant every app, including later ones")
    ] = False,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; default: never")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the token of this name")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Create a token and print it; it is not shown again."""
    if bool(app) == all_apps:
        raise typer.BadParameter("give either --app (repeatable) or --all-apps")
    _check_name(name)
    if persons := PERSON_SCOPES & set(scope):
        raise typer.BadParameter(
            f"only persons have {', '.join(sorted(persons))}: use `people add` and `people token`"
        )
    _check_known("scope", scope, SCOPES)
    servers = find_servers(data_dir)
    if (known := servers.webhooks.app_ids) is not None:
        _check_known("app", app or (), known)
    apps = app or None
    token = new_secret()
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    detail = {"apps": apps, "scopes": scope, "days": days, "replace": replace}
    row = AuditRow.by(command_actor(), Action.TOKEN_CREATED, subject=name, detail=detail)

    async def make(gateway: Gateway) -> bool:
        tokens = gateway.tokens()
        if not replace:
            return await tokens.add(name, token, apps=apps, scopes=scope, expires_at=expires_at, audit=row)
        await tokens.put(name, token, apps=apps, scopes=scope, expires_at=expires_at, audit=row)
        return True

    if not run_on(make, servers):
        raise TokenExists(f"a token {name!r} exists already; --replace replaces it")
    typer.echo(token)


def _check_known(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(named) - set(known):
        there = ", ".join(sorted(known))
        raise typer.BadParameter(f"unknown {what}: {', '.join(sorted(unknown))}; known are {there}")


def _check_name(name: str) -> None:
    try:
        check_visible(name)
    except ValueError as error:
        raise typer.BadParameter(f"the name {error}") from None
    if name.startswith(_PERSONS):
        raise typer.BadParameter(f"the name must not begin with {_PERSONS}")


@commands.command(name="list")
def list_tokens(data_dir: DataDirOption = None) -> None:
    """List the tokens, without the secrets."""
    found = run_on(lambda gateway: gateway.tokens().all(), find_servers(data_dir))
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
def revoke(name: Name, data_dir: DataDirOption = None) -> None:
    """Revoke a token immediately."""
    row = AuditRow.by(command_actor(), Action.TOKEN_REVOKED, subject=name)
    if not run_on(lambda gateway: gateway.tokens().revoke(name, audit=row), find_servers(data_dir)):
        raise NoSuchToken(f"there is no token {name!r}")
