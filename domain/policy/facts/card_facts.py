"""Facts about the ID card, without the text on it."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from domain.callback.parts import LEGALITY, IdCardInfo, OcrField, Payload
from domain.callback.words import as_text
from domain.policy.facts.card_dates import Validity, read_validity

UNREADABLE: Final = "unreadable"
_STRICTEST_FIRST: Final = ("expired", "not_yet_valid", UNREADABLE, "valid")

_CHINA: Final = timedelta(hours=8)
_EARLIEST: Final = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
_LATEST: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_SAME: Final = 7 * 86_400
"""Seconds. A verification ends within its token's hour; a week allows for wrong clocks."""
_FAR: Final = 10 * 365 * 86_400

_SHARE_OF: Final = {
    side: {theirs: f"{side}.{ours}" for theirs, ours in LEGALITY.items()} for side in ("front", "back")
}

_FIELD: Final = re.compile(r"[A-Za-z_]{1,64}")
"""The shape of a field's name; it excludes anything that could be the text on the card."""


class CardFacts(msgspec.Struct, frozen=True):
    """What the card's pictures are like, by `side.name`: shares and qualities are 0 to 1. `validity` is
    `valid`, `expired`, `not_yet_valid` or `unreadable`."""

    legality: dict[str, float] = {}
    qualities: dict[str, float] = {}
    illogical: tuple[str, ...] = ()
    validity: str | None = None


def card_facts(payload: Payload) -> CardFacts:
    """The facts of the payload's card; all empty without one."""
    card = payload.idcard_info
    if card is None:
        return CardFacts()
    fields = _read_fields(card)
    return CardFacts(_legality(card), _qualities(fields), _illogical(fields), _validity(payload))


def _legality(card: IdCardInfo) -> dict[str, float]:
    """The shares for each side that was read, such as `front.photocopy: 0.049`."""
    shares: dict[str, float] = {}
    for side, block in (("front", card.front_side), ("back", card.back_side)):
        legality = (block.ocr_result.legality if block and block.ocr_result else None) or {}
        for name, share in legality.items():
            if share is not None and (known := _SHARE_OF[side].get(name)):
                shares[known] = share
    return shares


def _read_fields(card: IdCardInfo) -> list[tuple[str, OcrField]]:
    """The fields that were read from both sides, such as `front.gender`."""
    sides = (("front.", card.ocr_front_quality), ("back.", card.ocr_back_quality))
    return [
        (side + name, field)
        for side, read in sides
        for name, field in (read or {}).items()
        if field and _FIELD.fullmatch(name)
    ]


def _qualities(fields: Iterable[tuple[str, OcrField]]) -> dict[str, float]:
    """The quality of each field, such as `front.gender: 0.925`."""
    return {name: field.quality for name, field in fields if field.quality is not None}


def _illogical(fields: Iterable[tuple[str, OcrField]]) -> tuple[str, ...]:
    """The fields that the vendor marks with a logical problem."""
    return tuple(name for name, field in fields if field.logic)


def _validity(payload: Payload) -> str | None:
    """Whether the card is valid on the day of the verification, by all dates in the payload: `valid`,
    `expired`, `not_yet_valid` or `unreadable`; None if the payload states no dates of a card.

    Users may edit `idcard_valid_date`, so the dates read from the card count too, and the stricter one wins.
    It is `unreadable` if a stated date is unclear, if the time of the verification is unknown, or if the
    payload has two times, years apart, that lead to different answers.
    """
    stated = _stated(payload.idcard_info) if payload.idcard_info else []
    if not stated:
        return None
    verdicts = {_strictest({_on(day, validity) for validity in stated}) for day in _days(payload)}
    return verdicts.pop() if len(verdicts) == 1 else UNREADABLE


def _stated(card: IdCardInfo) -> list[Validity | None]:
    """The validity by each source of the card's dates, None for an unclear one.

    The sources are the field, both sides as read, and the fields as read. The last count only if they are
    clear, or if there is no other source: `ocr_result` comes from the same pictures.
    """
    sides = [side.ocr_result for side in (card.front_side, card.back_side) if side and side.ocr_result]
    texts = [as_text(card.idcard_valid_date), *(as_text(side.valid_date) for side in sides)]
    stated = [read_validity(text) for text in dict.fromkeys(texts) if text is not None]
    fields = [_from_fields(fields) for fields in (card.ocr_front_quality, card.ocr_back_quality) if fields]
    as_read = [read_validity(text) for text in fields if text is not None]
    return stated + [validity for validity in as_read if validity or not stated]


def _from_fields(fields: dict[str, OcrField | None]) -> str | None:
    """`valid_date_start` and `valid_date_end` as one text (callback page, `ocr_back_quality`)."""
    ends = [fields.get(name) for name in ("valid_date_start", "valid_date_end")]
    texts = [as_text(end.result) or "" if end else "" for end in ends]
    return "-".join(texts) if any(texts) else None


def _on(day: date, validity: Validity | None) -> str:
    if validity is None:
        return UNREADABLE
    if day > validity.last:
        return "expired"
    return "not_yet_valid" if day < validity.first else "valid"


def _strictest(verdicts: set[str]) -> str:
    return next(verdict for verdict in _STRICTEST_FIRST if verdict in verdicts)


def _days(payload: Payload) -> list[date]:
    """The days of the verification in China: one, two if its times differ, or none.

    The times are `verify_time` and the unix seconds at the start of the biz_id. An impossible time (0, -1,
    milliseconds, years after its token) counts as absent.
    """
    seconds = payload.verify_result.verify_time if payload.verify_result else None
    first = payload.biz_id.split(",", 1)[0]
    began = _plausible(int(first) if first.isascii() and first.isdigit() and len(first) <= 11 else None)
    ended = _plausible(seconds)
    if began is not None and ended is not None:
        if abs(ended - began) <= _SAME:
            began = None
        elif ended - began > _FAR:
            ended = None
    return [_day(moment) for moment in (ended, began) if moment is not None]


def _plausible(seconds: int | None) -> int | None:
    return seconds if seconds is not None and _EARLIEST <= seconds < _LATEST else None


def _day(seconds: int) -> date:
    return (datetime.fromtimestamp(seconds, UTC) + _CHINA).date()
