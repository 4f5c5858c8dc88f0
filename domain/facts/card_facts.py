"""What the ID card's pictures are like, without what is written on the card."""

import re
from collections.abc import Iterable
from typing import Final

from domain.callback.parts import LEGALITY, IdCardInfo, OcrField

_SHARE_OF: Final = {
    side: {theirs: f"{side}.{ours}" for theirs, ours in LEGALITY.items()} for side in ("front", "back")
}

_FIELD: Final = re.compile(r"[A-Za-z_]{1,64}")
"""A field's name; whatever could be what is written on the card is none."""


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
