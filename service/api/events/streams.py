"""What a stream of events (server-sent events) sends, and when it ends."""

import random
from collections.abc import AsyncIterator, Callable
from typing import Final

from fastapi.sse import ServerSentEvent

from domain.errors import CursorExpired, ServerAway
from domain.events.bodies import Format, encoded
from domain.events.event import Event
from domain.views.events import EventFilter
from service.api.events.feed import Feed
from service.http.lifecycle import Lifecycle

LONGEST: Final = 15 * 60.0
"""Seconds after which a stream ends, and its reader has to show its token again: it may be revoked."""

_AT_ONCE: Final = 100


async def stream(
    feed: Feed, which: EventFilter, *, after: int, lifecycle: Lifecycle, monotonic: Callable[[], float]
) -> AsyncIterator[ServerSentEvent]:
    """The events behind `after`, for as long as a stream lasts.

    It ends when this process drains, when PostgreSQL goes away, and when its events were deleted meanwhile:
    the reader comes back with its last id, and gets an answer to that.
    """
    until = monotonic() + LONGEST * random.uniform(0.75, 1)  # noqa: S311 - no secret
    with feed.reading():
        while not lifecycle.draining and (left := until - monotonic()) > 0:
            try:
                page = await feed.page(which, after=after, limit=_AT_ONCE)
            except (CursorExpired, ServerAway):
                return
            for event in page.items:
                yield _message(event)
            after = page.next
            if not page.items:
                await feed.wait(after, seconds=left)


def _message(event: Event) -> ServerSentEvent:
    return ServerSentEvent(id=str(event.seq), event=event.type, raw_data=encoded(event, Format.THIN).decode())
