"""`listen`: forward events to a program on this machine, signed as webhooks."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

import httpx2
import msgspec
import typer

from cli.connection.event_stream import Event, Wanted, follow
from cli.connection.whereabouts import ApiPlace, DataDirOption, find_api
from cli.options import AppOption
from domain.events.webhooks.signing import new_secret, sign_standard

_TIMEOUT: Final = 15.0
_SECRET_BYTES: Final = 32


def _parse_target(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise typer.BadParameter("not a URL like http://localhost:3000/hook")
    return text


def listen_command(
    forward: Annotated[
        str, typer.Option(parser=_parse_target, metavar="URL", help="Where your program takes webhooks")
    ],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type, like verification.*; repeatable")
    ] = None,
    app: AppOption = None,
    after: Annotated[
        int | None, typer.Option(min=0, metavar="SEQ", help="Begin behind this event; default: now")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of the api; default: the running `dev`")] = None,
    token: Annotated[
        str | None, typer.Option(help="Token for the api; env:NAME reads a variable of the environment")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Forward events to your program, signed as webhooks, and print its answers.

    An event is sent once, whatever the answer.
    """
    place = find_api(data_dir, url=url, token=token)
    secret = new_secret(os.urandom(_SECRET_BYTES))
    typer.echo(f"Forwarding events of {place.url} to {forward}")
    typer.echo(f"The secret, until Ctrl-C: {secret}")
    with suppress(KeyboardInterrupt):
        asyncio.run(forward_all(place, Wanted(types or (), app, after), to=forward, secret=secret))


async def forward_all(
    place: ApiPlace, wanted: Wanted, *, to: str, secret: str, show: Callable[[str], None] = typer.echo
) -> None:
    """Forward each event and show a line about it, forever. Raises StreamRefused."""
    async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT) as client:
        async for event in follow(place, wanted):
            show(f"{_described(event)} → {await _sent(client, event, to=to, secret=secret)}")


async def _sent(client: httpx2.AsyncClient, event: Event, *, to: str, secret: str) -> str:
    webhook = sign_standard(
        msgspec.json.encode(event), event_id=event["id"], at=datetime.now(UTC), secrets=[secret]
    )
    began = time.monotonic()
    try:
        answer = await client.post(to, content=webhook.body, headers=dict(webhook.headers))
    except httpx2.TransportError as error:
        return f"no answer ({type(error).__name__})"
    return f"{answer.status_code} in {(time.monotonic() - began) * 1000:.0f} ms"


def _described(event: Event) -> str:
    about = f" biz_id={event['biz_id']} n={event['n']}" if event["biz_id"] else ""
    return f"{event['at']} {event['type']}{about}"
