"""Facts about the ID card, without the text on it."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from domain.callback.parts import LEGALITY, IdCardInfo, OcrField, Payload
from domain.facts.card_validity import card_validity

_SHARE_OF: Final = {
    side: {theirs: f"{side}.{ours}" for theirs, ours in LEGALITY.items()} for side in ("front", "back")
}

_FIELD: Final = re.compile(r"[A-Za-z_]{1,64}")
"""The shape of a field's name; it excludes anything that could be the text on the card."""


class CardFacts(msgspec.Struct, frozen=True):
    """What the card's pictures are like, by `side.name`: shares and qualities are 0 to 1. `validity` is that
    of `card_validity`."""

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
    return CardFacts(_legality(card), _qualities(fields), _illogical(fields), card_validity(payload))


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
