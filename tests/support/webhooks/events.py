"""Events for tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.events.event import Event, EventBody, EventType

AT = datetime(2026, 11, 28, 18, 40, tzinfo=UTC)


def operators_event(
    kind: EventType = EventType.ENDPOINT_DISABLED, *, seq: int = 1, app_id: str | None = "shop", **detail: Any
) -> Event:
    """An event of the operators, with these details."""
    return Event(seq, UUID(int=seq), kind, AT, app_id, None, None, EventBody(detail=detail))
