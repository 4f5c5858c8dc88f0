"""Decode a callback or a result. Only a missing biz_id makes a JSON object undecodable.

msgspec alone decodes a payload that matches the vendor's documentation. Any other is read member by member
(`domain/callback/reading.py`), so an unreadable value does not affect the others.
"""

import re
from typing import Any, Final

import msgspec

from domain.callback.attack_reading import MOST_SIGNS, has_signs_beside, is_sign_name
from domain.callback.parts import GENUINENESS, Genuineness, Payload
from domain.callback.reading import read_payload
from domain.callback.strict_json import has_lost_characters, read_closely
from domain.model import BIZ_ID_SHAPE


def decode_payload(data: bytes) -> Payload:
    """The typed form of a callback's `data` or of a get_result body.

    Raises:
        MalformedPayload: not one strict JSON object.
        UndecodableCallback: no biz_id can be found; `reason` is `missing_biz_id` or `bad_biz_id`.
    """
    return _decode_usual(data) or read_payload(
        read_closely(data), has_lost_characters=has_lost_characters(data)
    )


_objects: Final = msgspec.json.Decoder(dict[str, Any])
_encoder: Final = msgspec.json.Encoder()
_GENUINENESS: Final = frozenset(GENUINENESS)

_ODD_ESCAPE: Final = re.compile(rb"\\u00(?:00|3[aA])")
"""A NUL, which PostgreSQL's text type cannot store, and a colon that would not be counted."""


def _decode_usual(data: bytes) -> Payload | None:
    """Decode by msgspec alone; None if anything is unusual and needs the slow path."""
    if _ODD_ESCAPE.search(data):
        return None
    try:
        tree = _objects.decode(data)
        compact = _encoder.encode(tree)
        # A repeated name is lost in the tree, and its colon with it.
        if compact.count(b":") != data.count(b":") or _has_padded_names(compact):
            return None
        payload = msgspec.convert(tree, Payload)
    except (ValueError, OverflowError, RecursionError):
        return None
    return payload if _is_usual(payload, tree) else None


def _has_padded_names(compact: bytes) -> bool:
    """Whether a name begins or ends with a space, except the one that the vendor documents so."""
    return b'" ' in compact or compact.count(b' ":') != compact.count(_PADDED_SHARE)


_PADDED_SHARE: Final = b'"Temporary ID Photo ":'


def _is_usual(payload: Payload, tree: dict[str, Any]) -> bool:
    liveness, verify = payload.liveness_result, payload.verify_result
    return (
        BIZ_ID_SHAPE.fullmatch(payload.biz_info.biz_id) is not None
        and (liveness is None or _is_named(liveness.face_genuineness, tree["liveness_result"]))
        and (verify is None or _is_named(verify.face_genuineness, tree["verify_result"]))
        and _is_named(payload.face_genuineness, tree)
        and payload.plus is None
    )


def _is_named(scores: Genuineness | None, block: dict[str, Any]) -> bool:
    """Whether every score and flag of a block is in its `face_genuineness` and may be named in facts."""
    if has_signs_beside(block):
        return False
    if not scores or scores.keys() <= _GENUINENESS:
        return True
    return len(scores) <= MOST_SIGNS and all(map(is_sign_name, scores))
