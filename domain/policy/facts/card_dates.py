"""Parse the validity printed on an ID card, in every unambiguous notation.

The vendor documents `YYYY.MM.DD-YYYY.MM.DD` and `YYYY.MM.DD-长期` (callback page, `idcard_valid_date`). Users
edit that field and cameras read the card, so other digits, dots, dashes and words arrive too.
"""

import re
import unicodedata
from datetime import date
from typing import Final

import msgspec

LONGEST: Final = 64
"""Characters of the longest text that is read."""

_DASHES: Final = "‐‒–—―−─━〜∼~_一ー"
_DOTS: Final = "。·•・、,"
_PLAIN: Final = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_DOTS, ".")})
_EDGES: Final = "-.:;/'\"()[]{}<>《》【】「」“”"

_MIDNIGHT: Final = r"(?:[t.]?00:00(?::00(?:\.0{1,6})?)?)?"


def _date_named(name: str) -> str:
    """The pattern of one date: separators may be missing only if every part has all its digits."""
    return (
        rf"(?P<{name}>[0-9]{{4}}(?:[-./年][0-9]{{1,2}}[-./月][0-9]{{1,2}}|[-./]?[0-9]{{2}}[-./]?[0-9]{{2}}))"
        rf"[日号]?{_MIDNIGHT}"
    )


_BETWEEN: Final = r"[-./:;]{0,4}起?(?:至|到|to|until)?[-./:;]{0,4}"
_FOREVER: Final = (
    r"(?P<forever>(?:[长長]期|永久|无限期|無限期|长久)(?:有效)?|long-?term|permanent(?:ly)?|forever"
    r"|indefinite(?:ly)?|unlimited)"
)
_LABEL: Final = r"(?:有效期[限间]?|valid(?:ity)?)?[-.:]{0,2}(?:自|从|由|from)?"
_VALIDITY: Final = re.compile(
    rf"{_LABEL}{_date_named('first')}{_BETWEEN}(?:{_date_named('last')}止?|{_FOREVER})(?:有效)?"
)
"""Every part and the whole text have a maximum length, so the work is bounded."""

_PARTS: Final = re.compile(r"([0-9]{4})[^0-9]?([0-9]{1,2})[^0-9]?([0-9]{1,2})")
_OLDEST: Final = 1900
_LONGEST_YEARS: Final = 100
_WRITTEN_FOR_EVER: Final = frozenset({date(2999, 12, 31), date.max})


class Validity(msgspec.Struct, frozen=True):
    """The first and the last day of a card's validity; `date.max` if it does not expire."""

    first: date
    last: date


def read_validity(text: str) -> Validity | None:
    """The validity in `text`, or None if it is not clear.

    Both ends must be present, be calendar days, and be in order. A single date could be either end, and a
    validity of more than a hundred years is a misread digit.
    """
    match = _VALIDITY.fullmatch(_plain(text)) if len(text) <= LONGEST else None
    if match is None:
        return None
    first = _day(match["first"])
    last = date.max if match["forever"] else _day(match["last"])
    if first is None or last is None or not _is_plausible(first, last):
        return None
    return Validity(first, date.max if last in _WRITTEN_FOR_EVER else last)


def _plain(text: str) -> str:
    """The text with ASCII digits, dots and dashes, in lower case and without spaces.

    A space between two digits becomes a dot, since it may separate them and must not join them.
    """
    if not text.isascii():
        normal = unicodedata.normalize("NFKC", text)
        text = "".join(each for each in normal if each.isalnum() or unicodedata.category(each) != "Cf")
    words = text.lower().translate(_PLAIN).split()
    plain = ""
    for word in words:
        plain += f".{word}" if plain[-1:].isdigit() and word[0].isdigit() else word
    return plain.strip(_EDGES)


def _day(text: str) -> date | None:
    match = _PARTS.fullmatch(text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _is_plausible(first: date, last: date) -> bool:
    if not (first.year >= _OLDEST and first <= last):
        return False
    return last in _WRITTEN_FOR_EVER or last.year - first.year <= _LONGEST_YEARS
