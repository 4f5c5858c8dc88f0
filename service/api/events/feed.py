"""One reader of the log for all readers of this process: waiting pages and streams get the newest events from
it, without a query each.

It follows the log only while somebody wants the newest events, and keeps the last of them.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog

from domain.errors import CursorExpired, ServerAway, kind_of_error
from domain.events.event import Event
from domain.views.events import EVERYTHING, EventFilter, EventPage
from usecases.ports.events.log import EventReader

_LOOK_EVERY: Final = 1.0
"""Seconds; hints between processes may get lost."""

_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


class Feed:
    """The newest events, up to `keep` of them, for any number of readers with a cursor each."""

    def __init__(self, events: EventReader, *, keep: int = 2000) -> None:
        self._events = events
        self._keep = keep
        self._kept: deque[Event] = deque()
        self._from = self._to = -1
        self._readers = 0
        self._hint = asyncio.Event()
        self._news = asyncio.Event()

    def hint(self) -> None:
        """There may be new events."""
        self._hint.set()

    def wake_all(self) -> None:
        """Wake every reader, whether or not there is anything new."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The log is followed inside the block."""
        self._readers += 1
        self._hint.set()
        try:
            yield
        finally:
            self._readers -= 1

    async def page(self, which: EventFilter, *, after: int, limit: int) -> EventPage:
        """As `EventReader.page`, without a query if the events are among the newest. Raises the same."""
        if not self._from <= after <= self._to:
            return await self._events.page(which, after=after, limit=limit)
        found = [event for event in self._behind(after) if which.passes(event)]
        return EventPage(found[:limit], found[limit - 1].seq if len(found) >= limit else self._to)

    async def wait(self, after: int, *, seconds: float) -> None:
        """Return when there is something behind `after`, when all are woken, or after `seconds`."""
        news = self._news
        if self._to <= after:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), seconds)

    async def follow(self) -> None:
        """Follow the log until cancelled; while PostgreSQL is away, or after a bug, look again and again."""
        is_interrupted = False
        while True:
            try:
                await self._follow()
            except CursorExpired:
                self._forget()
            except ServerAway as error:
                if not is_interrupted:
                    log.warning("events.interrupted", error=kind_of_error(error))
                is_interrupted = True
                await asyncio.sleep(_LOOK_EVERY)
            except Exception:
                # A bug: until it passes, every reader asks the log itself, instead of seeing nothing new.
                log.exception("events.broken")
                self._forget()
                self.wake_all()
                await asyncio.sleep(_LOOK_EVERY)
            else:
                is_interrupted = False

    async def _follow(self) -> None:
        """Take what is new, and rest until there may be more."""
        if not self._readers:
            self._forget()
            await self._hint.wait()
        self._hint.clear()
        if not self._readers:
            return
        if self._to < 0:
            self._from = self._to = await self._events.newest()
            self.wake_all()
        page = await self._events.page(EVERYTHING, after=self._to, limit=_AT_ONCE)
        self._take(page)
        if len(page.items) < _AT_ONCE:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hint.wait(), _LOOK_EVERY)

    def _forget(self) -> None:
        self._kept.clear()
        self._from = self._to = -1

    def _take(self, page: EventPage) -> None:
        self._kept.extend(page.items)
        while len(self._kept) > self._keep:
            self._from = self._kept.popleft().seq
        if page.next > self._to:
            self._to = page.next
            self.wake_all()

    def _behind(self, after: int) -> Iterator[Event]:
        """The kept events behind `after`: the newest few, for a reader that keeps up."""
        found: deque[Event] = deque()
        for event in reversed(self._kept):
            if event.seq <= after:
                break
            found.appendleft(event)
        return iter(found)
