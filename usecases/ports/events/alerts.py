"""Alerts to people: how far each sink has come, and how it gets a message."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from domain.events.alerts.sink import AlertCursor, AlertSink, Message, Sent


class AlertCursors(Protocol):
    """How far each sink has come in the log."""

    async def due(self, names: Collection[str], *, now: datetime) -> Sequence[AlertCursor]:
        """The cursors that may be claimed now. A sink without one begins behind the newest event."""

    async def claim(self, cursor: AlertCursor, *, until: datetime) -> AlertCursor | None:
        """Claim a cursor until a time; None if another worker has claimed it."""

    async def finish(self, cursor: AlertCursor, *, due_at: datetime) -> bool:
        """Write what became of a claimed cursor; False if the claim has ended."""


class Alerts(Protocol):
    """Sends messages."""

    async def send(self, sink: AlertSink, message: Message) -> Sent:
        """Send a message once. A failure of the sink is never an exception."""
