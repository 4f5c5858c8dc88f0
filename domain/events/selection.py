"""Which types of events a reader wants, by patterns with `*`.

A pattern also selects types that only a newer version knows: such events are in the log while versions run
side by side.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from domain.errors import UnknownEventType
from domain.events.event import EventType


def matches(event_type: str, patterns: Iterable[str]) -> bool:
    """Whether the type matches at least one of these patterns, in which `*` matches any characters."""
    return any(_matches(event_type, pattern) for pattern in patterns)


def matching_types(patterns: Iterable[str]) -> frozenset[EventType]:
    """The known types that match at least one of these patterns."""
    patterns = tuple(patterns)
    return frozenset(each for each in EventType if matches(each, patterns))


def checked_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns. Raises UnknownEventType: one of them matches no known type."""
    patterns = tuple(patterns)
    if not all(matching_types([pattern]) for pattern in patterns):
        raise UnknownEventType
    return patterns


def _matches(event_type: str, pattern: str) -> bool:
    # `*` is the only wildcard: the other characters of fnmatch are not in any type.
    return fnmatchcase(event_type, pattern.replace("[", "[[]").replace("?", "[?]"))
