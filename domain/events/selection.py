"""Which types of events a reader wants, by patterns with `*`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from domain.errors import UnknownEventType
from domain.events.event import EventType


def matching_types(patterns: Iterable[str]) -> frozenset[EventType]:
    """The types that match at least one of these patterns, in which `*` matches any characters."""
    patterns = tuple(patterns)
    return frozenset(each for each in EventType if any(_matches(each, pattern) for pattern in patterns))


def types_of(patterns: Iterable[str]) -> frozenset[EventType]:
    """The same. Raises UnknownEventType: a pattern matches no type."""
    found = [matching_types([pattern]) for pattern in patterns]
    if not all(found):
        raise UnknownEventType
    return frozenset().union(*found)


def _matches(event_type: EventType, pattern: str) -> bool:
    # `*` is the only wildcard: the other characters of fnmatch are not in any type.
    return fnmatchcase(event_type, pattern.replace("[", "[[]").replace("?", "[?]"))
