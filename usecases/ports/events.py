"""The event log: how it is read, and how it is kept in shape."""

from typing import Protocol

from domain.views.events import EventFilter, EventPage


class EventReader(Protocol):
    """Reads the log in the order of commits."""

    async def page(self, which: EventFilter, *, after: int, limit: int) -> EventPage:
        """Up to `limit` events behind `after`; 0 means from the oldest event that is kept.

        Raises CursorExpired: events behind `after` are deleted.
        """

    async def newest(self) -> int:
        """The `seq` of the newest event, or of the newest deleted one; 0 before the first."""
