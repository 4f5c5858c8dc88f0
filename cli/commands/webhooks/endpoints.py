"""`endpoints`: create, list, rotate, test, enable, disable, recover and delete webhook endpoints."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, Servers, find_servers
from cli.options import AppOption, parse_time
from cli.output.failures import CommandFailed
from cli.output.terminal import create_console, printable
from domain.events.webhooks.checks import MAX_OVERLAP
from domain.events.webhooks.endpoint import PAUSED, Endpoint
from usecases.events.webhooks.manage_endpoints import Shown

if TYPE_CHECKING:
    from service.api.models.endpoints import NewEndpoint

EndpointId = Annotated[UUID, typer.Argument(metavar="ID", help="ID of the endpoint")]

_PAGE: Final = 200


class NotDelivered(CommandFailed):
    """A test event that the receiver did not take."""


class BadFile(CommandFailed):
    """The file cannot be used; nothing was created."""


commands = typer.Typer(no_args_is_help=True, help="Create, list, change or delete webhook endpoints.")


@commands.command()
def create(
    url: Annotated[str, typer.Argument(help="Where events are sent to")],
    app: Annotated[str, typer.Option("--app", help="App whose events are sent")],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", help="Event type, in which * matches any characters; repeatable; default: all"
        ),
    ] = None,
    ed25519: Annotated[bool, typer.Option("--ed25519", help="Sign with an ed25519 key as well")] = False,
    more: Annotated[
        Path | None,
        typer.Option("--more", dir_okay=False, help="JSON file with other fields of POST /v1/endpoints"),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Create an endpoint and print its ID and its secret, which is not shown again.

    Headers and certificates are in the file of --more, since others can see the arguments of a command.
    """
    given = {"url": url, "app_id": app, "ed25519": ed25519} | ({"types": types} if types else {})
    new = _endpoint_of(more, given)
    servers = find_servers(data_dir)
    _check_app(app, servers)
    settings, extra = new.to_settings(), new.to_extra()
    _print_secret(
        run_on(
            lambda gateway: gateway.endpoints().create(app, settings, extra=extra, actor=command_actor()),
            servers,
            silent=True,
        )
    )


@commands.command(name="list")
def list_endpoints(app: AppOption = None, data_dir: DataDirOption = None) -> None:
    """List endpoints, newest first, without their secrets."""
    apps = None if app is None else [app]
    servers = find_servers(data_dir)
    found = run_on(lambda gateway: _all(gateway, apps), servers, silent=True)
    known = servers.webhooks.app_ids
    create_console().print(_table(found, known) if found else "There are no endpoints.")


@commands.command()
def rotate(
    endpoint_id: EndpointId,
    hours: Annotated[
        int,
        typer.Option(
            "--overlap-hours",
            min=0,
            max=MAX_OVERLAP // timedelta(hours=1),
            help="Hours for which the earlier secret stays valid; 0 ends every earlier one now",
        ),
    ] = 24,
    data_dir: DataDirOption = None,
) -> None:
    """Give an endpoint a new secret and print it; it is not shown again."""
    overlap = timedelta(hours=hours)
    _print_secret(
        run_on(
            lambda gateway: gateway.endpoints().rotate(
                endpoint_id, None, overlap=overlap, actor=command_actor()
            ),
            find_servers(data_dir),
            silent=True,
        )
    )


@commands.command()
def enable(endpoint_id: EndpointId, data_dir: DataDirOption = None) -> None:
    """Enable an endpoint; it gets the events from now on."""
    run_on(
        lambda gateway: gateway.endpoints().enable(endpoint_id, None, actor=command_actor()),
        find_servers(data_dir),
        silent=True,
    )
    typer.echo("enabled")


@commands.command()
def disable(endpoint_id: EndpointId, data_dir: DataDirOption = None) -> None:
    """Disable an endpoint; it gets no more events."""
    run_on(
        lambda gateway: gateway.endpoints().disable(endpoint_id, None, actor=command_actor()),
        find_servers(data_dir),
        silent=True,
    )
    typer.echo("disabled")


@commands.command()
def delete(
    endpoint_id: EndpointId,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking for confirmation")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Delete an endpoint with its secrets."""
    if not yes:
        typer.confirm("Delete the endpoint? This cannot be undone.", abort=True)
    run_on(
        lambda gateway: gateway.endpoints().delete(endpoint_id, None, actor=command_actor()),
        find_servers(data_dir),
        silent=True,
    )
    typer.echo("deleted")


@commands.command(name="test")
def try_endpoint(endpoint_id: EndpointId, data_dir: DataDirOption = None) -> None:
    """Send a test event now and print what came back; exit code 1 if it was not delivered."""
    attempt = run_on(
        lambda gateway: gateway.try_endpoint(endpoint_id, actor=command_actor()),
        find_servers(data_dir),
        silent=True,
    )
    if attempt.error is not None:
        raise NotDelivered(f"not delivered: {attempt.error} ({attempt.fault}) after {attempt.ms} ms")
    typer.echo(f"delivered: {attempt.status} after {attempt.ms} ms")
    if attempt.answer:
        typer.echo(printable(attempt.answer))


@commands.command()
def recover(
    endpoint_id: EndpointId,
    since: Annotated[
        datetime,
        typer.Option(
            "--since", parser=parse_time, metavar="TIME", help="Events since this day or time (UTC)"
        ),
    ],
    data_dir: DataDirOption = None,
) -> None:
    """Deliver the events since a time that an endpoint did not get, in order, at most 20 a second."""
    done = run_on(
        lambda gateway: gateway.redeliveries().recover(endpoint_id, None, since=since, actor=command_actor()),
        find_servers(data_dir),
        silent=True,
    )
    typer.echo(f"{done.count} to deliver" + (", more remain: run it again" if done.more else ""))


async def _all(gateway: Gateway, apps: Sequence[str] | None) -> list[Endpoint]:
    desk = gateway.endpoints()
    found = page = await desk.page(apps, limit=_PAGE)
    while len(page) == _PAGE:
        page = await desk.page(apps, limit=_PAGE, after=(page[-1].created_at, page[-1].id))
        found = found + page
    return found


def _check_app(app: str, servers: Servers) -> None:
    known = servers.webhooks.app_ids
    if known is not None and app not in known:
        raise typer.BadParameter(f"unknown app; known are {', '.join(sorted(known))}")


def _endpoint_of(file: Path | None, given: Mapping[str, Any]) -> "NewEndpoint":
    """The endpoint that is described by the arguments and the file. The arguments come first."""
    from service.api.models.endpoints import NewEndpoint  # noqa: PLC0415 - FastAPI, which a listing needs not

    try:
        more = {} if file is None else json.loads(file.read_bytes())
        if not isinstance(more, dict):
            raise BadFile("the file of --more is not a JSON object")
        return NewEndpoint.model_validate({**more, **given})
    except ValidationError as error:
        wrong = ", ".join(f"{_place(each)} ({each['type']})" for each in error.errors(include_input=False))
        raise BadFile(f"these fields are wrong: {wrong}") from None
    except ValueError:
        raise BadFile("the file of --more is not JSON") from None


def _place(problem: Mapping[str, Any]) -> str:
    # The name of an unknown field may be anything.
    return "an unknown field" if problem["type"] == "extra_forbidden" else ".".join(map(str, problem["loc"]))


def _print_secret(shown: Shown) -> None:
    typer.echo(f"id          {shown.endpoint.id}")
    typer.echo(f"secret      {shown.secret}")
    private = shown.endpoint.private
    if private is not None and private.keys:
        typer.echo(f"public key  {private.keys[0].public}")


def _table(found: list[Endpoint], known: frozenset[str] | None) -> Table:
    table = Table(header_style="bold")
    table.add_column("id", no_wrap=True)
    for name in ("app", "url", "types", "state"):
        table.add_column(name, overflow="fold")
    for each in found:
        types = "\n".join(each.settings.types)
        state = _state(each, is_known=known is None or each.app_id in known)
        table.add_row(str(each.id), each.app_id, escape(each.settings.url), escape(types), state)
    return table


def _state(endpoint: Endpoint, *, is_known: bool) -> str:
    if endpoint.disabled_reason is not None and endpoint.disabled_at is not None:
        return f"disabled ({endpoint.disabled_reason})\n{endpoint.disabled_at:%Y-%m-%d %H:%M}Z"
    if not is_known:
        return f"{PAUSED}: the settings\nhave no such app"
    if endpoint.health.failing_since is not None:
        return f"failing since\n{endpoint.health.failing_since:%Y-%m-%d %H:%M}Z"
    return "enabled"
