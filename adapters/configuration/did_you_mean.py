"""Unknown names: which known one was meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_CLOSE: Final = 0.75


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant as, or None."""
    found = get_close_matches(name.lower(), list(known), n=1, cutoff=_CLOSE)
    return found[0] if found else None


def hint(name: str, known: Iterable[str]) -> str:
    """ ", did you mean NAME?" to put behind a message, or nothing."""
    meant = closest(name, known)
    return f", did you mean {meant}?" if meant else ""
