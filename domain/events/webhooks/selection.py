"""Which events an endpoint selects."""

from collections.abc import Iterable
from typing import Final

from domain.events import selection
from domain.events.event import EventType
from domain.events.webhooks.endpoint import EndpointSettings
from domain.model import Outcome

SELECTABLE: Final = frozenset(EventType) - {EventType.TEST}
"""A test event goes to the endpoint that is tested, whatever it selects."""


def matching_types(patterns: Iterable[str]) -> frozenset[EventType]:
    """The known event types that match at least one of the patterns."""
    return selection.matching_types(patterns) & SELECTABLE


def selects(settings: EndpointSettings, kind: str, outcome: Outcome | None) -> bool:
    """Whether an endpoint selects an event of this type and effective outcome.

    An event without an outcome is selected by its type alone.
    """
    if kind == EventType.TEST or not selection.matches(kind, settings.types):
        return False
    return outcome is None or settings.outcomes is None or outcome in settings.outcomes
