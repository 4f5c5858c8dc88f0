"""Numbers of Chinese resident identity cards in one form, so that the same number is found however it is
written (GB 11643-1999).
"""

import re
import unicodedata
from typing import ClassVar, Final

from domain.errors import GatewayError

LONGEST: Final = 64
"""Characters of a number as it is typed."""

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_IGNORED: Final = re.compile(r"[\s\u200b-\u200d\u2060\ufeff-]+")
_LENGTHS: Final = (15, 18)


class WrongNumber(GatewayError):
    """This is no number of an identity card. The message does not repeat it; `code` says why."""

    code: ClassVar[str]


class EmptyNumber(WrongNumber):
    """Blanks alone."""

    code = "number_empty"


class LettersInNumber(WrongNumber):
    """Something other than digits, or an X that is not the last of 18."""

    code = "number_letters"


class WrongLength(WrongNumber):
    """Neither 15 nor 18 digits."""

    code = "number_length"


class WrongCheckDigit(WrongNumber):
    """The last digit does not follow from the others: one of them is wrong."""

    code = "number_check_digit"


def normalize(text: str) -> str:
    """The number in 18 ASCII characters, with a capital X.

    15 digits (before 1999) get their century and check digit.

    Raises:
        WrongNumber: in one of its kinds.
    """
    number = cleaned(text)
    _check_characters(number)
    if len(number) not in _LENGTHS:
        raise WrongLength
    if len(number) == 15:
        return with_check_digit(f"{number[:6]}19{number[6:]}")
    if with_check_digit(number[:17]) != number:
        raise WrongCheckDigit
    return number


def canonical(text: str | None) -> str | None:
    """The form that is indexed: `normalize`, or the cleaned text of another document. None: there is none."""
    if not text or not (number := cleaned(text)):
        return None
    try:
        return normalize(number)
    except WrongNumber:
        return number


def cleaned(text: str) -> str:
    """Without blanks and hyphens, full-width characters as ASCII, letters as capitals."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).upper()


def with_check_digit(digits: str) -> str:
    """17 ASCII digits and their check digit."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return digits + _CHECK_DIGITS[total % 11]


def _check_characters(number: str) -> None:
    if not number:
        raise EmptyNumber
    digits = number[:-1] if len(number) == 18 and number.endswith("X") else number
    if not (digits.isascii() and digits.isdigit()):
        raise LettersInNumber
