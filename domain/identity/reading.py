"""Reading identity: which fields, by which scope, for which reason."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from domain.errors import GatewayError
from domain.identity.numbers import WrongNumber, normalize

LONGEST_REASON: Final = 500

_GAP: Final = r"[\s\u200b-\u200d\u2060\ufeff-]*"
_OF_18: Final = re.compile(rf"(?=([0-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx]))")
"""At every digit, since other digits may stand before the number."""
_OF_15: Final = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would control a terminal, or the direction in which text is shown; new lines and tabs do not."""
_BORN: Final = re.compile(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
"""How 18 digits begin that have a date of birth; other numbers seldom have one."""


class Field(StrEnum):
    """What can be read of an identity."""

    NAME = "name"
    NUMBER = "id_number"
    IMAGES = "images"


SCOPE_OF: Final[Mapping[Field, str]] = {
    Field.NAME: "identity:name",
    Field.NUMBER: "identity:number",
    Field.IMAGES: "identity:images",
}
"""The scope of each field."""


class ReadRefused(GatewayError):
    """Nothing was read. `code`: the word in answers (docs/reference/errors.md)."""

    code: ClassVar[str]


class NoReason(ReadRefused):
    """The reason is blank."""

    code = "reason_required"


class NumberInReason(ReadRefused):
    """The reason has an ID number, which would be in the audit then."""

    code = "reason_has_number"


class TooManyOrders(GatewayError):
    """The ID number was verified as often in a day as the app allows; nothing was spent."""


class TooManyReads(ReadRefused):
    """The actor has read as many identities today as it may."""

    code = "identity_limit"


def checked_reason(text: str) -> str:
    """The reason without blanks around it and without control characters. Raises NoReason, NumberInReason."""
    reason = _CONTROL.sub("", text).strip()
    if not re.search(r"\w", reason):
        raise NoReason
    plain = unicodedata.normalize("NFKC", reason)
    if any(_is_number(digits) for digits in _OF_18.findall(plain) + _OF_15.findall(plain)):
        raise NumberInReason
    return reason


def _is_number(digits: str) -> bool:
    try:
        return _BORN.match(normalize(digits)) is not None
    except WrongNumber:
        return False
