"""A meaning in both languages."""

from typing import NamedTuple


class Words(NamedTuple):
    """Markdown, for a page in docs/."""

    english: str
    chinese: str
