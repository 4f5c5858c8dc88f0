"""Reading identity: which fields, by which scope, for which reason."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from domain.errors import GatewayError
from domain.identity.numbers import WrongNumber, normalize

LONGEST_REASON: Final = 500

_DIGITS: Final = re.compile(r"\d(?:[\s-]*\d){16}[\s-]*[\dXx]", re.ASCII)


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
    """The reason without blanks around it. Raises NoReason, NumberInReason."""
    reason = text.strip()
    if not re.search(r"\w", reason):
        raise NoReason
    for digits in _DIGITS.findall(unicodedata.normalize("NFKC", reason)):
        if _is_number(digits):
            raise NumberInReason
    return reason


def _is_number(digits: str) -> bool:
    try:
        normalize(digits)
    except WrongNumber:
        return False
    return True
