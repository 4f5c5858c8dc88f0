"""What readers of the event log ask for and get."""

import msgspec

from domain.events.event import Event
from domain.events.selection import matches


class EventFilter(msgspec.Struct, frozen=True):
    """The events that a reader may and wants to see.

    `app_ids`: only those of these apps; None: those of every app, and those of no app, which concern the
    whole gateway. `types`: only these, with `*` for any characters; None: every type.
    """

    app_ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None

    def passes(self, event: Event) -> bool:
        """Whether the reader gets this event."""
        is_mine = self.app_ids is None or event.app_id in self.app_ids
        return is_mine and (self.types is None or matches(event.type, self.types))


EVERYTHING = EventFilter()


class EventPage(msgspec.Struct, frozen=True):
    """Events in the order of the log. `next`: the cursor behind them, and behind those that the filter
    has left out; every later event has a greater `seq`."""

    items: list[Event]
    next: int
