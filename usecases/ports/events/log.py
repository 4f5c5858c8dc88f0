"""The event log: how it is read, and how it is kept in shape."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.policy.file.policy import Policy
from domain.views.events import EventFilter, EventPage


class EventReader(Protocol):
    """Reads the log in the order of commits."""

    async def page(self, which: EventFilter, *, after: int, limit: int) -> EventPage:
        """Up to `limit` events behind `after`; 0 means from the oldest event that is kept.

        Raises CursorExpired: events behind `after` are deleted.
        """

    async def newest(self) -> int:
        """The `seq` of the newest event, or of the newest deleted one; 0 before the first."""


class EventUpkeep(Protocol):
    """Keeps the log in shape."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` of the oldest events, from before this time; their number."""

    async def count(self, *, limit: int) -> int:
        """Add up to `limit` events that are not counted yet to the numbers by type; how many."""

    async def activate(self, policies: Sequence[Policy]) -> int:
        """Write an event for each of these policies that was not in force yet with this text; their
        number."""
