"""Read the scores and flags about attacks: the documented ones, and any that the vendor adds.

Every member that is neither absent nor zero counts. A score or flag with an acceptable name becomes a fact.
Anything else is noted as unreadable, since it may mean an attack.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.callback.blocks import Block, as_number
from domain.callback.parts import GENUINENESS, Genuineness, worse_sign

OTHER_SIGNS: Final = "other"
"""The note for an undocumented sign. A policy may ignore it."""

MOST_SIGNS: Final = 100
"""Signs of one block that become facts; the vendor documents nine."""

_NAME: Final = re.compile(r"(?!(?:[^0-9]*[0-9]){6})[A-Za-z][A-Za-z0-9]{0,63}(?:_[A-Za-z0-9]{1,64}){0,7}")
_LONGEST_NAME: Final = 128
_PARTS: Final = ("_confidence", "_threshold")
_BLOCK: Final = "face_genuineness"
RISKS: Final = ("verify_risk_info", "device_risk_info")
"""Blocks of H5 Plus with undocumented members: any that is not zero causes doubt."""


def is_sign_name(name: str) -> bool:
    """Whether a name may appear in facts: a word like the vendor's, without a person's number."""
    return name in GENUINENESS or (len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None)


def has_signs_beside(members: Mapping[str, Any]) -> bool:
    """Whether a block has scores or flags outside of its `face_genuineness`."""
    return any(name in RISKS or _is_sign(name) for name in members)


def read_signs(block: Block) -> Genuineness | None:
    """The signs of a liveness or verify block, or of the payload: from its `face_genuineness`, its risk
    blocks and its own members. If a sign appears twice, the worse value counts."""
    found: Genuineness = {}
    beside = _signs(block, filter(_is_sign, block.members))
    for signs in (beside, *(block.block(name, _all_signs) for name in (_BLOCK, *RISKS))):
        for name, value in (signs or {}).items():
            found[name] = worse_sign(name, found.get(name), value)
    return found or None


def _all_signs(block: Block) -> Genuineness:
    # Documented signs come first, so that many others cannot displace them.
    return _signs(block, sorted(block.members, key=lambda name: name not in GENUINENESS))


def _is_sign(name: str) -> bool:
    return name in GENUINENESS or name.endswith(_PARTS)


def _signs(block: Block, names: Iterable[str]) -> Genuineness:
    found: Genuineness = {}
    place = block.path or _BLOCK
    for name in names:
        value = block.entry(name)
        number = _as_sign(name, value)
        if number is not None and is_sign_name(name) and len(found) < MOST_SIGNS:
            found[name] = number
        elif _is_sign(name) and value is not None:
            block.notes.cannot_read(place)
        elif value is not None and number != 0:
            block.notes.cannot_read(f"{place}.{OTHER_SIGNS}")
    return found


def _as_sign(name: str, value: Any) -> float | None:
    """A number; a flag may be false or true too."""
    is_flag = isinstance(value, bool) and not name.endswith(_PARTS)
    return float(value) if is_flag else as_number(value)
