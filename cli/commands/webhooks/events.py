"""`events`: print the event log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Final

import typer

from cli.connection.connected import Gateway
from cli.connection.running import run_on
from cli.connection.whereabouts import DataDirOption, find_servers
from cli.output.failures import CommandFailed
from domain.errors import CursorExpired, UnknownEventType
from domain.events.bodies import Format, encoded
from domain.events.event import Event, EventType
from domain.events.selection import checked_patterns
from domain.views.events import EventFilter

_AT_ONCE: Final = 500
_LOOK_EVERY: Final = 1.0

commands = typer.Typer(no_args_is_help=True, help="Print what happened.")


class EventsDeleted(CommandFailed):
    """Events behind the cursor are deleted."""


@commands.callback()
def group() -> None:
    """Print what happened."""


@commands.command()
def tail(
    after: Annotated[
        int | None,
        typer.Option(
            min=0, help="Print only events behind this `seq`; default: all, with --follow only new ones"
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only this type or pattern (verification.*); repeatable"),
    ] = None,
    app: Annotated[str | None, typer.Option("--app", help="Only events of this app")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new events as they happen")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Print events, oldest first, one JSON object per line."""
    which = _selected(types, app)
    servers = find_servers(data_dir)

    async def show(gateway: Gateway) -> None:
        async for event in _events(gateway, which, after=after, follow=follow):
            typer.echo(encoded(event, Format.THIN))

    with suppress(KeyboardInterrupt):
        run_on(show, servers)


def _selected(types: list[str] | None, app: str | None) -> EventFilter:
    try:
        chosen = checked_patterns(types) if types else None
    except UnknownEventType:
        there = ", ".join(EventType)
        raise typer.BadParameter(f"no such type of events; there are {there}") from None
    return EventFilter(app_ids=None if app is None else (app,), types=chosen)


async def _events(
    gateway: Gateway, which: EventFilter, *, after: int | None, follow: bool
) -> AsyncIterator[Event]:
    log = gateway.events()
    if after is None:
        after = await log.newest() if follow else 0
    while True:
        try:
            page = await log.page(which, after=after, limit=_AT_ONCE)
        except CursorExpired as error:
            raise EventsDeleted(f"events up to {error.deleted_to} are deleted; go on from there") from None
        for event in page.items:
            yield event
        after = page.next
        if len(page.items) < _AT_ONCE:
            if not follow:
                return
            await asyncio.sleep(_LOOK_EVERY)
