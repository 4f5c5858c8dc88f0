"""What a password may be."""

import unicodedata
from itertools import pairwise
from typing import Final

from domain.people.errors import PasswordRefused

SHORTEST: Final = 12
LONGEST: Final = 128
"""Characters. Nobody may make the gateway hash a megabyte."""

_DIFFERENT: Final = 5
"""Characters of a password that differ from each other, at least."""


def normal_password(text: str) -> str:
    """The password in one form, whatever keyboard it comes from. What is too long is cut to what no password
    is.
    """
    return unicodedata.normalize("NFKC", text[: LONGEST + 1])[: LONGEST + 1]


def check_password(text: str, *, name: str) -> None:
    """Raise PasswordRefused unless `text` may be the password of the person with this login name."""
    password = normal_password(text)
    if len(password) < SHORTEST:
        raise PasswordRefused("too_short")
    if len(password) > LONGEST:
        raise PasswordRefused("too_long")
    lowered = password.lower()
    if len(set(lowered)) < _DIFFERENT or (len(name) >= 4 and name in lowered) or _is_a_row(lowered):
        raise PasswordRefused("too_easy")


def _is_a_row(text: str) -> bool:
    """Whether every character follows the one before, as in `abcdefghijkl`, or is the same again."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {-1, 0, 1}
