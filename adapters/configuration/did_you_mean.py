"""Suggest the known name for an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_CLOSE: Final = 0.75


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` probably means, or None."""
    matches = get_close_matches(name.lower(), list(known), n=1, cutoff=_CLOSE)
    return matches[0] if matches else None


def hint(name: str, known: Iterable[str]) -> str:
    """The suffix ", did you mean NAME?" for a message, or nothing."""
    meant = closest(name, known)
    return f", did you mean {meant}?" if meant else ""
