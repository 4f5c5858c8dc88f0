"""Check that a text has no surrounding white space or quotes and no invisible characters."""

import unicodedata
from typing import Final

_QUOTES: Final = frozenset("\"'`‘’“”«»„‚")
_NAMES: Final = {"\n": "a line feed", "\r": "a carriage return", "\t": "a tab", " ": "a space"}


def check_visible(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: it is empty or contains an invisible character. The message never repeats the text.
    """
    if not text:
        raise ValueError("must not be empty")
    for place, character in (("begins with", text[0]), ("ends in", text[-1])):
        if _invisible(character) or character.isspace():
            raise ValueError(f"{place} {_name(character)}")
        if character in _QUOTES:
            raise ValueError(f"{place} a quotation mark")
    if hidden := [character for character in text if _invisible(character)]:
        raise ValueError(f"holds {_name(hidden[0])}")
    return text


def _invisible(character: str) -> bool:
    """Controls, formats (a byte order mark, zero widths), and every separator except the space."""
    category = unicodedata.category(character)
    return (
        category[0] == "C" or (category[0] == "Z" and character != " ") or character in "\u115f\u1160\u3164"
    )


def _name(character: str) -> str:
    code = f"U+{ord(character):04X}"
    known = _NAMES.get(character) or unicodedata.name(character, "an invisible character").lower()
    return f"{known} ({code})"
