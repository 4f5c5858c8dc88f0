"""Report new events of the log to each sink, at least once.

The cursor moves when the sink has taken the message. A worker that dies in between leaves it where it was,
and another one sends the message again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from domain.errors import CursorExpired
from domain.events.alerts.sink import AlertCursor, AlertSink, Message, Sent, pause_after
from domain.events.alerts.wording import text_about
from domain.views.events import EventFilter, EventPage
from usecases.ports.events.alerts import AlertCursors, Alerts
from usecases.ports.events.log import EventReader

LEASE: Final = timedelta(seconds=60)
"""Longer than an attempt, which takes at most 15 seconds."""

_EVENTS: Final = 200
"""Most events of one message."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AlertContext:
    """The sinks, and what reports to them."""

    sinks: Sequence[AlertSink]
    cursors: AlertCursors
    events: EventReader
    alerts: Alerts
    clock: Callable[[], datetime]


async def report(context: AlertContext) -> None:
    """Send each sink that is due one message about its new events. Raises ServerAway."""
    by_name = {sink.name: sink for sink in context.sinks}
    due = await context.cursors.due(by_name, now=context.clock())
    reports = (_report_to(context, by_name[cursor.name], cursor) for cursor in due)
    ends = await asyncio.gather(*reports, return_exceptions=True)
    for end in ends:
        if end is not None:
            raise end


async def _report_to(context: AlertContext, sink: AlertSink, cursor: AlertCursor) -> None:
    page = await _page(context, sink, after=cursor.seq)
    if not page.items:
        return
    claimed = await context.cursors.claim(cursor, until=context.clock() + LEASE)
    if claimed is None:
        return
    sent = await context.alerts.send(sink, Message(text_about(page.items, sink.language), page.items))
    _log(sink, sent, len(page.items))
    after = _moved(claimed, sent, page)
    due_at = context.clock() + pause_after(sent, kind=sink.kind, failures=after.failures)
    await context.cursors.finish(after, due_at=due_at)


async def _page(context: AlertContext, sink: AlertSink, *, after: int) -> EventPage:
    wanted = EventFilter(types=tuple(sorted(sink.types)))
    try:
        return await context.events.page(wanted, after=after, limit=_EVENTS)
    except CursorExpired as expired:
        return await context.events.page(wanted, after=expired.deleted_to, limit=_EVENTS)


def _moved(cursor: AlertCursor, sent: Sent, page: EventPage) -> AlertCursor:
    if sent.error is not None:
        return msgspec.structs.replace(cursor, failures=cursor.failures + 1)
    return msgspec.structs.replace(cursor, seq=page.items[-1].seq, failures=0)


def _log(sink: AlertSink, sent: Sent, count: int) -> None:
    if sent.error is None:
        log.info("alert.sent", detail=sink.name, kind=sink.kind.value, count=count)
    else:
        log.warning("alert.failed", detail=sink.name, kind=sink.kind.value, error=sent.error)
