"""What a stream of events (server-sent events) sends, and when it ends."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from fastapi.sse import ServerSentEvent

from domain.errors import CursorExpired, ServerAway
from domain.events.bodies import Format, encoded
from domain.events.event import Event
from domain.views.events import EventFilter
from service.api.events.feed import Feed
from service.http.lifecycle import Lifecycle

LONGEST: Final = 15 * 60.0
"""Seconds after which a stream ends, so that readers are spread over the processes again."""

_LOOK: Final = 1.0
"""Seconds after which a stream without events looks whether its reader may still have it."""

_AT_ONCE: Final = 100
_LINE_ENDS: Final = {ord(each): f"\\u{ord(each):04x}" for each in "\x85\u2028\u2029"}
"""Many clients, httpx among them, take these for ends of lines. JSON has them in texts alone."""


async def stream(
    feed: Feed,
    which: EventFilter,
    *,
    after: int,
    may_go_on: Callable[[], Awaitable[bool]],
    lifecycle: Lifecycle,
    monotonic: Callable[[], float],
) -> AsyncIterator[ServerSentEvent]:
    """The events behind `after`, for as long as a stream lasts.

    It begins and ends with an id alone: a reader whose selection is rare comes back from there, not from its
    last event, which may be deleted by then.
    It ends when this process drains, when PostgreSQL goes away, when its events were deleted meanwhile, and
    within a second when its reader's token is revoked or has lost a right: the reader comes back with its
    last id, and gets an answer to that.
    """
    until = monotonic() + LONGEST * random.uniform(0.75, 1)  # noqa: S311 - no secret
    with feed.reading():
        yield _position(after)
        while not lifecycle.draining and (left := until - monotonic()) > 0:
            try:
                if not await may_go_on():
                    return
                page = await feed.page(which, after=after, limit=_AT_ONCE)
            except (CursorExpired, ServerAway):
                return
            for event in page.items:
                yield _message(event)
            after = page.next
            if not page.items:
                await feed.wait(after, seconds=min(left, _LOOK))
    yield _position(after)


def _position(seq: int) -> ServerSentEvent:
    return ServerSentEvent(id=str(seq))


def _message(event: Event) -> ServerSentEvent:
    data = encoded(event, Format.THIN).decode().translate(_LINE_ENDS)
    return ServerSentEvent(id=str(event.seq), event=event.type, raw_data=data)
