"""The description of a log event."""

from typing import NamedTuple


class LogEvent(NamedTuple):
    """`levels` and `roles` that write it, separated by commas; `meaning` is Markdown, for a page in docs."""

    levels: str
    roles: str
    meaning: str
