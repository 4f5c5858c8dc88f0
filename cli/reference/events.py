"""The types of events for docs/reference/events.md and its Chinese page, each with an example."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from domain.events.bodies import thin
from domain.events.catalogue import CATALOGUE
from domain.events.chinese import CHINESE, Words
from domain.events.event import OF_NO_APP, EventType


class _Page(NamedTuple):
    head: str
    detail: str
    of_no_app: str
    chapters: Mapping[EventType, Words]


_ENGLISH: Final = _Page(
    "type | meaning",
    "`detail`: ",
    "It concerns the whole gateway: no endpoint gets it.",
    {key: Words(each.meaning, f"Written {each.when}", each.detail) for key, each in CATALOGUE.items()},
)
_CHINESE: Final = _Page("类型 | 含义", "`detail`：", "它涉及整个网关：不会投递到任何端点。", CHINESE)


def event_chapters() -> Iterator[str]:
    """A table of the types of events, and a chapter for each."""
    return _page(_ENGLISH)


def chinese_event_chapters() -> Iterator[str]:
    """The same in Chinese."""
    return _page(_CHINESE)


def _page(page: _Page) -> Iterator[str]:
    yield from (f"| {page.head} |", "| --- | --- |")
    yield from (f"| `{event_type}` | {page.chapters[event_type].meaning} |" for event_type in CATALOGUE)
    yield ""
    for event_type in CATALOGUE:
        yield from _chapter(page, event_type)


def _chapter(page: _Page, event_type: EventType) -> Iterator[str]:
    chapter = page.chapters[event_type]
    yield from (f"## `{event_type}`", "", chapter.meaning, chapter.when)
    if event_type in OF_NO_APP:
        yield page.of_no_app
    yield ""
    if chapter.detail:
        yield from (f"{page.detail}{chapter.detail}", "")
    example = msgspec.json.encode(thin(CATALOGUE[event_type].example))
    yield from ("```json", msgspec.json.format(example, indent=2).decode(), "```", "")
