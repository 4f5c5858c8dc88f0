"""Follow the event log: in pages, or as a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final

import msgspec
from fastapi import Header, Query, Request, Response, Security
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from domain.events.bodies import thin
from domain.events.selection import checked_patterns
from domain.views.events import EventFilter, EventPage
from service.api.auth import Caller, Reader, guarded_router
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.events.streams import stream
from service.api.models.events import EventPageModel
from service.api.responses import problems

MAX_WAIT = 30
_GREATEST: Final = 2**63 - 1

router = guarded_router("/v1/events", tag="events")


class Selection(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid")

    type: list[str] = Field(
        [], max_length=32, description="Only these types; `verification.*` and `*` are patterns; repeatable"
    )
    app_id: str | None = None

    def filter_for(self, caller: Caller) -> EventFilter:
        """The events that the caller may and wants to see. Raises UnknownEventType."""
        sees_all = caller.of_every_app and self.app_id is None
        return EventFilter(
            app_ids=None if sees_all else tuple(caller.narrowed(self.app_id)),
            types=checked_patterns(self.type) if self.type else None,
        )


class PageQuery(Selection):
    """Which events, and how many of them."""

    after: int = Field(
        0, ge=0, le=_GREATEST, description="`next` of the page before; 0: the oldest kept event"
    )
    limit: int = Field(100, ge=1, le=1000)
    wait: float = Field(0, ge=0, le=MAX_WAIT, description="Seconds to wait if there is no event yet")


class StreamQuery(Selection):
    """Which events, and from where on."""

    after: int | None = Field(
        None, ge=0, le=_GREATEST, description="`seq` of the last event seen; absent: only events from now on"
    )


@router.get(
    "", response_model=EventPageModel, responses=problems("cursor_expired", "invalid_request", "unavailable")
)
async def list_events(
    request: Request, caller: Reader, context: Context, query: Annotated[PageQuery, Query()]
) -> Response:
    """Events behind `after`, oldest first. `wait` holds the answer until there is one.

    A token for some apps gets their events; only a token for all apps gets those of the gateway itself.
    Events are kept for 30 days (`events_kept`); after that, an older cursor is answered with 410.
    """
    which = query.filter_for(caller)
    page = await context.events.page(which, after=query.after, limit=query.limit)
    if query.wait and not page.items:
        async with caller.turn.rest():
            page = await _waited(context, request, which, after=page.next, query=query)
        await context.door.check_again(request, request.state.entry)
    content = {"items": [thin(event) for event in page.items], "next": page.next}
    return Response(msgspec.json.encode(content), media_type="application/json")


async def _waited(
    context: ApiContext, request: Request, which: EventFilter, *, after: int, query: PageQuery
) -> EventPage:
    """The first page with an event; an empty one when the seconds are over, or when this process goes.

    Raises:
        ClientDisconnect: nobody waits for the answer any more.
    """
    waiting = asyncio.create_task(_next_page(context, which, after=after, query=query))
    gone = asyncio.create_task(_hung_up(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise ClientDisconnect
        return waiting.result()
    finally:
        waiting.cancel()
        gone.cancel()


async def _next_page(context: ApiContext, which: EventFilter, *, after: int, query: PageQuery) -> EventPage:
    deadline = context.monotonic() + query.wait
    page = EventPage([], after)
    with context.feed.reading():
        while (left := deadline - context.monotonic()) > 0 and not context.lifecycle.leaving:
            page = await context.feed.page(which, after=page.next, limit=query.limit)
            if page.items:
                break
            await context.feed.wait(page.next, seconds=left)
    return page


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Begun(msgspec.Struct, frozen=True):
    """A stream that may begin: which events, behind which one. `may_go_on`: whether the reader still has
    every right with which it began.
    """

    which: EventFilter
    after: int
    may_go_on: Callable[[], Awaitable[bool]]


async def begin_stream(
    request: Request,
    caller: Reader,
    context: Context,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[
        int | None, Header(ge=0, le=_GREATEST, description="As `after`, and counts more")
    ] = None,
) -> AsyncIterator[Begun]:
    """Refuse what is to be refused before the answer begins. Raises ApiProblem, CursorExpired."""
    which = query.filter_for(caller)
    after = query.after if last_event_id is None else last_event_id

    async def may_go_on() -> bool:
        try:
            await context.door.check_again(request, request.state.entry)
        except ApiProblem:
            return False
        return True

    with context.streams.take(caller.token.name):
        if after is None:
            yield Begun(which, await context.events.newest(), may_go_on)
        else:
            await context.events.page(which, after=after, limit=1)
            yield Begun(which, after, may_go_on)


@router.get(
    "/stream",
    response_class=EventSourceResponse,
    responses=problems("cursor_expired", "invalid_request", "unavailable"),
)
async def stream_events(
    context: Context, begun: Annotated[Begun, Security(begin_stream, scopes=["verifications:read"])]
) -> AsyncIterator[ServerSentEvent]:
    """Events as they happen (server-sent events): `id` is `seq`, `event` the type, `data` the event as JSON.

    A reader that comes back with `Last-Event-ID`, or with `after`, misses nothing. A comment every 15 seconds
    shows that the stream is alive. It ends after a quarter of an hour, when the
    process stops, and within a second when the token is revoked: come back.
    """
    lifecycle, monotonic = context.lifecycle, context.monotonic
    messages = stream(
        context.feed,
        begun.which,
        after=begun.after,
        may_go_on=begun.may_go_on,
        lifecycle=lifecycle,
        monotonic=monotonic,
    )
    async for message in messages:
        yield message
