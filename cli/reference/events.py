"""The types of events for docs/reference/events.md, each with an example."""

from collections.abc import Iterator

import msgspec

from domain.events.bodies import thin
from domain.events.catalogue import CATALOGUE, Entry
from domain.events.event import EventType


def event_chapters() -> Iterator[str]:
    """A table of the types of events, and a chapter for each."""
    yield from ("| type | meaning |", "| --- | --- |")
    yield from (f"| `{event_type}` | {entry.meaning} |" for event_type, entry in CATALOGUE.items())
    yield ""
    for event_type, entry in CATALOGUE.items():
        yield from _chapter(event_type, entry)


def _chapter(event_type: EventType, entry: Entry) -> Iterator[str]:
    yield from (f"## `{event_type}`", "", entry.meaning, f"Written {entry.when}", "")
    if entry.detail:
        yield from (f"`detail`: {entry.detail}", "")
    example = msgspec.json.encode(thin(entry.example))
    yield from ("```json", msgspec.json.format(example, indent=2).decode(), "```", "")
