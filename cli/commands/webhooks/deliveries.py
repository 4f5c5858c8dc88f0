"""`deliveries`: list webhooks on their way, show their attempts, send them again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table

from cli.connection.actor import command_actor
from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.options import AppOption, parse_time
from cli.output.terminal import create_console, printable
from domain.errors import NoSuchDelivery
from domain.events.webhooks.delivery import Attempt, DeliveryState
from domain.views.deliveries import DeliveryFilter, DeliveryView, DeliveryWithAttempts
from usecases.events.webhooks.redeliver import Redeliveries

EndpointOption = Annotated[UUID | None, typer.Option("--endpoint", help="Only to this endpoint")]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", parser=parse_time, metavar="TIME", help="Only those made since this time (UTC)"),
]


commands = typer.Typer(no_args_is_help=True, help="List deliveries of webhooks, or send them again.")


@commands.command(name="list")
def list_deliveries(
    app: AppOption = None,
    endpoint: EndpointOption = None,
    state: Annotated[DeliveryState | None, typer.Option("--state", help="Only in this state")] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most N deliveries, newest first")] = 50,
    data_dir: DataDirOption = None,
) -> None:
    """List deliveries, newest first."""

    async def read(gateway: Gateway) -> list[DeliveryView]:
        which = DeliveryFilter(await _apps(gateway, app), endpoint, state, since)
        return await gateway.deliveries().page(which, limit=limit)

    found = run_on(read, find_servers(data_dir), silent=True)
    create_console().print(_table(found) if found else "There are no such deliveries.")


@commands.command()
def show(
    delivery_id: Annotated[UUID, typer.Argument(metavar="ID", help="ID of the delivery")],
    data_dir: DataDirOption = None,
) -> None:
    """Show a delivery with each of its attempts."""

    async def read(gateway: Gateway) -> DeliveryWithAttempts:
        found = await gateway.deliveries().find(delivery_id, await _apps(gateway, None))
        if found is None:
            raise NoSuchDelivery
        return found

    found = run_on(read, find_servers(data_dir), silent=True)
    create_console().print(_table([found.delivery]))
    create_console().print(_attempts(found.attempts) if found.attempts else "It was not attempted yet.")


@commands.command()
def redeliver(
    delivery_id: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="ID of one delivery")] = None,
    app: AppOption = None,
    endpoint: EndpointOption = None,
    state: Annotated[
        DeliveryState, typer.Option("--state", help="Those in this state")
    ] = DeliveryState.FAILED,
    since: SinceOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send them; without it they are only counted")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Send deliveries again: one by its ID, or those of an endpoint that have ended."""
    if (delivery_id is None) == (endpoint is None):
        raise typer.BadParameter("name either an ID or an --endpoint")

    async def again(gateway: Gateway) -> str:
        apps, redeliveries = await _apps(gateway, app), gateway.redeliveries()
        if delivery_id is not None:
            await redeliveries.one(delivery_id, apps, actor=command_actor())
            return "1 to deliver"
        which = DeliveryFilter(apps, endpoint, state, since)
        found = await redeliveries.count(which)
        if yes:
            which = replace(which, ended_before=found.ended_before)
            return f"{await _all(redeliveries, which)} to deliver"
        return f"{found.count}{'+' if found.more else ''} found; --yes sends them"

    typer.echo(run_on(again, find_servers(data_dir), silent=True))


async def _all(redeliveries: Redeliveries, which: DeliveryFilter) -> int:
    """Start all of them again, however many calls that takes; their number. `which` has `ended_before`."""
    count, more = 0, True
    while more:
        done = await redeliveries.all(which, actor=command_actor())
        count, more = count + done.count, done.more
    return count


async def _apps(gateway: Gateway, app: str | None) -> tuple[str, ...]:
    return tuple(await gateway.deliveries().app_ids()) if app is None else (app,)


def _table(found: list[DeliveryView]) -> Table:
    table = Table(header_style="bold")
    table.add_column("id", no_wrap=True)
    for name in ("app", "type", "state", "error"):
        table.add_column(name, overflow="fold")
    table.add_column("attempts", justify="right")
    table.add_column("made and ended", no_wrap=True)
    for each in found:
        times = "\n".join(f"{at:%Y-%m-%d %H:%M:%S}Z" for at in (each.created_at, each.ended_at) if at)
        cells = (each.app_id, each.type, each.state, escape(each.error or ""))
        table.add_row(str(each.id), *cells, str(each.attempts), times)
    return table


def _attempts(attempts: list[Attempt]) -> Table:
    table = Table(header_style="bold")
    for name in ("#", "at", "ms", "status", "fault", "error", "answer"):
        table.add_column(name, overflow="fold")
    for each in attempts:
        answer = escape(printable(each.answer))
        status, fault = str(each.status or ""), each.fault or ""
        cells = (f"{each.at:%Y-%m-%d %H:%M:%S}Z", str(each.ms), status, fault, each.error or "", answer)
        table.add_row(str(each.k), *cells)
    return table
