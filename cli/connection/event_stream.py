"""Follow the events of a gateway over its api, through interruptions."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import httpx2
import msgspec

from cli.connection.whereabouts import ApiPlace
from cli.output.failures import CommandFailed

_QUIET: Final = 45.0
"""Seconds without a byte after which a stream is dead: the api pings every 15."""

_PAUSE: Final = 1.0
_MAY_PASS: Final = frozenset({429, 502, 503, 504})

Event = dict[str, Any]


class StreamRefused(CommandFailed):
    """The api refuses the stream; the message has its code."""


class Wanted(msgspec.Struct, frozen=True):
    """Which events: of these types (patterns with `*`; none: all), of this app, behind `after`.

    `after` None: from now on.
    """

    types: Sequence[str] = ()
    app_id: str | None = None
    after: int | None = None

    def query(self) -> httpx2.QueryParams:
        """The parameters of the request."""
        given = {"type": list(self.types) or None, "app_id": self.app_id, "after": self.after}
        return httpx2.QueryParams({name: value for name, value in given.items() if value is not None})


async def follow(place: ApiPlace, wanted: Wanted) -> AsyncIterator[Event]:
    """The events as the api shows them, for ever. After an interruption it goes on behind the last one.

    Raises:
        StreamRefused: the token is wrong, a type is unknown, or the events behind `after` are deleted.
    """
    headers = {"authorization": f"Bearer {place.token}"}
    timeout = httpx2.Timeout(10, read=_QUIET)
    async with httpx2.AsyncClient(
        base_url=place.url, headers=headers, timeout=timeout, trust_env=False
    ) as client:
        while True:
            began = time.monotonic()
            try:
                async for position, event in _stream(client, wanted):
                    wanted = msgspec.structs.replace(wanted, after=position)
                    if event is not None:
                        yield event
            except httpx2.TransportError:
                pass
            # A stream that lasted is continued at once.
            await asyncio.sleep(max(_PAUSE - (time.monotonic() - began), 0))


async def _stream(client: httpx2.AsyncClient, wanted: Wanted) -> AsyncIterator[tuple[int, Event | None]]:
    """Positions in the log, with the event there, if the stream has one."""
    async with client.stream("GET", "/v1/events/stream", params=wanted.query()) as answer:
        if answer.status_code in _MAY_PASS:
            return
        if answer.status_code != httpx2.codes.OK:
            raise StreamRefused(_refusal(answer.status_code, await answer.aread()))
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                event = json.loads(line.removeprefix("data:"))
                yield event["seq"], event
            elif line.startswith("id:"):
                yield int(line.removeprefix("id:")), None


def _refusal(status: int, body: bytes) -> str:
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        code = "no api of the gateway"
    return f"the api refuses the stream: {status} {code}"
