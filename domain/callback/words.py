"""Plain fields of a payload as words that are safe in facts, lists, logs and answers.

A broken or hostile vendor may put a name or a number into any of them. A value that does not have the shape
of a word, or that could contain a person's number, becomes OTHER; the raw bytes are stored encrypted.
"""

import re
from typing import Annotated, Final

from msgspec import Meta

Number = Annotated[int, Meta(ge=-(2**60), le=2**60)] | float
Text = str | Number | None
"""A string that some products send as a number."""

OTHER: Final = "OTHER"

_OPEN: Final = frozenset({"NOT_STARTED", "PROCESSING"})
_ENDED: Final = frozenset({"OK", "CANCELLED", "TIMEOUT", "FAILED", "WEBRTC_UNSUPPORTED"})

_STATUS: Final = re.compile(r"[A-Z]+(?:_[A-Z]+){0,7}")
_WORD: Final = re.compile(r"[a-z]+(?:_[a-z]+){0,7}")
_TAG: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?")
_ARGUMENT: Final = r"[a-z]+(?:_[a-z]+){0,3}[0-9]{0,2}"
_MESSAGE: Final = re.compile(
    rf"[A-Z]+(?:_[A-Z]+){{1,9}}(?: ?[:\[(] ?{_ARGUMENT}(?:, ?{_ARGUMENT}){{0,7}}[\])]?)?"
)
_LONGEST: Final = 128
_ZERO: Final = re.compile(r"[+-]?(?:0{1,30}\.?0{0,30}|\.0{1,30})(?:[eE][+-]?[0-9]{1,3})?")


def as_text(value: Text) -> str | None:
    """A text field's value, or None if it is absent or blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return str(value)


def status_word(value: Text) -> str | None:
    """`status`: the vendor's are upper-case words without digits (callback page)."""
    return _shaped(_STATUS, value)


def is_open(status: str | None) -> bool:
    """Whether the flow is still running: its callback is recorded, but neither pulled nor decided."""
    return status in _OPEN


def is_ended(status: str | None) -> bool:
    """Whether the flow has certainly ended, so that a pull is safe.

    A missing or unknown status is neither open nor ended: it is decided (as `review`) without a pull.
    """
    return status in _ENDED


def word(value: Text) -> str | None:
    """A lower-case word without digits, such as a procedure's name."""
    return _shaped(_WORD, value)


def tag_word(value: Text) -> str | None:
    """`multifaces_tag`: a short number, with every zero as "0"; it may be sent as 0.0."""
    text = as_text(value)
    return "0" if text is not None and _ZERO.fullmatch(text.strip()) else _shaped(_TAG, value)


def message_word(value: Text) -> str | None:
    """`error_message`: a word, perhaps with the names of arguments (`NO_FACE_FOUND[image_ref1]`)."""
    return _shaped(_MESSAGE, value)


def _shaped(shape: re.Pattern[str], value: Text) -> str | None:
    text = as_text(value)
    if text is None or (len(text) <= _LONGEST and shape.fullmatch(text)):
        return text
    return OTHER
