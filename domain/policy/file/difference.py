"""The difference of two policy texts, line by line."""

from collections.abc import Iterator
from difflib import unified_diff
from enum import StrEnum
from typing import Final

import msgspec

AROUND: Final = 3
"""Lines that did not change and are shown around a change."""


class LineKind(StrEnum):
    """`gap`: lines are left out here."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


class Line(msgspec.Struct, frozen=True):
    """A line of a difference."""

    kind: LineKind
    text: str


_KINDS: Final = {" ": LineKind.SAME, "+": LineKind.ADDED, "-": LineKind.REMOVED, "@": LineKind.GAP}


def difference(before: str, after: str) -> list[Line]:
    """The lines that changed, with some around them; empty if the texts have the same lines."""
    return list(_lines(before.splitlines(), after.splitlines()))


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    for number, line in enumerate(unified_diff(before, after, n=AROUND, lineterm="")):
        kind = _KINDS[line[:1] or " "]
        # The first two lines name the files; the first gap is the beginning.
        if number > 2 or (number == 2 and kind is not LineKind.GAP):
            yield Line(kind, "" if kind is LineKind.GAP else line[1:])
