"""What the ID card's picture and dates say, without what is written on the card."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from domain.payload import LEGALITY, IdCardInfo, OcrField, Payload
from domain.words import as_text

_SHARE_OF: Final = {
    side: {theirs: f"{side}.{ours}" for theirs, ours in LEGALITY.items()} for side in ("front", "back")
}

_FIELD: Final = re.compile(r"[A-Za-z_]{1,64}")
"""A field's name; whatever could be what is written on the card is none."""

_VALID_DATE: Final = re.compile(
    r"(?P<from>\d{4}\.\d{2}\.\d{2})\s*-\s*(?:(?P<until>\d{4}\.\d{2}\.\d{2})|(?P<forever>长期))"
)


def legality_shares(card: IdCardInfo) -> dict[str, float]:
    """`front.photocopy: 0.049` and so on, for each side that was read."""
    shares: dict[str, float] = {}
    for side, block in (("front", card.front_side), ("back", card.back_side)):
        legality = (block.ocr_result.legality if block and block.ocr_result else None) or {}
        for name, share in legality.items():
            if share is not None and (known := _SHARE_OF[side].get(name)):
                shares[known] = share
    return shares


def read_fields(card: IdCardInfo) -> list[tuple[str, OcrField]]:
    """The fields that were read off both sides, as `front.gender`."""
    sides = (("front.", card.ocr_front_quality), ("back.", card.ocr_back_quality))
    return [
        (side + name, field)
        for side, read in sides
        for name, field in (read or {}).items()
        if field and _FIELD.fullmatch(name)
    ]


def field_qualities(fields: Iterable[tuple[str, OcrField]]) -> dict[str, float]:
    """`front.gender: 0.925` and so on."""
    return {name: field.quality for name, field in fields if field.quality is not None}


def illogical_fields(fields: Iterable[tuple[str, OcrField]]) -> tuple[str, ...]:
    """The fields that the vendor marks with a logical problem."""
    return tuple(name for name, field in fields if field.logic)


def card_validity(payload: Payload) -> str | None:
    """`valid`, `expired` or `not_yet_valid` on the verification's day; None where the dates are not read.

    The dates are days in China; the day is that of `verify_time`, else of the biz_id's unix seconds.
    """
    text = as_text(payload.idcard_info.idcard_valid_date) if payload.idcard_info else None
    dates = _VALID_DATE.fullmatch(text.strip()) if text else None
    day = _day_of(payload)
    if dates is None or day is None:
        return None
    try:
        first = _date(dates["from"])
        last = date.max if dates["forever"] else _date(dates["until"])
    except ValueError:
        return None
    return "not_yet_valid" if day < first else "expired" if day > last else "valid"


def _date(text: str) -> date:
    year, month, day = map(int, text.split("."))
    return date(year, month, day)


def _day_of(payload: Payload) -> date | None:
    seconds = payload.verify_result.verify_time if payload.verify_result else None
    if seconds is None:
        first = payload.biz_id.split(",", 1)[0]
        seconds = int(first) if first.isascii() and first.isdigit() and len(first) <= 11 else None
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds + _CHINA_OFFSET, UTC).date()
    except (OverflowError, ValueError, OSError):
        return None


_CHINA_OFFSET: Final = 8 * 3600
