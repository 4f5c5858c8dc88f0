"""Decode what the vendor says, callback or result, into types; tolerant of every spelling seen in the field.

Structure and spellings: callback page, 1.1, and captures of older and sibling products. Unknown keys are
ignored here (the raw bytes are stored); a known key with a value of a wrong kind is an error, never a guess.
"""

import math
import re
from typing import Any, Final, Literal, get_args

import msgspec

from domain.errors import UndecodableCallback
from domain.model import BIZ_ID_SHAPE, Identity
from domain.strict_json import read_object

ComparisonName = Literal[
    "result_faceid",
    "result_ref1",
    "result_ref2",
    "result_ref3",
    "result_idcard_photo",
    "result_idcard_datasource",
]
COMPARISONS: Final[tuple[ComparisonName, ...]] = get_args(ComparisonName)
"""The comparisons a `verify_result` may hold; the first is the live face against the authority's photo."""

Text = str | int | float | None
"""A string that some products send as a number."""


class BizInfo(msgspec.Struct, frozen=True):
    biz_id: str
    biz_no: Text = None
    biz_extra_data: Text = None


class Comparison(msgspec.Struct, frozen=True):
    """`confidence` 0-100; `thresholds` maps a false-accept rate ("1e-5") to the score that stands for it."""

    confidence: float
    thresholds: dict[str, float] = {}


class FaceGenuineness(msgspec.Struct, frozen=True):
    synthetic_face_confidence: float | None = None
    synthetic_face_threshold: float | None = None
    mask_confidence: float | None = None
    mask_threshold: float | None = None
    screen_replay_confidence: float | None = None
    screen_replay_threshold: float | None = None
    face_replaced: float | None = None
    selfie_inconsistent: float | None = None
    selfie_metadata_inconsistent: float | None = None


class LivenessResult(msgspec.Struct, frozen=True):
    """`details` counts failed attempts, one level deeper in the selfie procedure."""

    result: Text = None
    procedure_type: Text = None
    details: dict[str, int | dict[str, int] | None] | None = None
    face_genuineness: FaceGenuineness | None = None


class IdExceptions(msgspec.Struct, frozen=True):
    id_attacked: float | None = None
    id_photo_monochrome: float | None = None


class VerifyResult(msgspec.Struct, frozen=True):
    error_message: Text = None
    verify_time: int | None = None
    id_exceptions: IdExceptions | None = None
    face_genuineness: FaceGenuineness | None = None
    result_faceid: Comparison | None = None
    result_ref1: Comparison | None = None
    result_ref2: Comparison | None = None
    result_ref3: Comparison | None = None
    result_idcard_photo: Comparison | None = None
    result_idcard_datasource: Comparison | None = None


class WillAnswer(msgspec.Struct, frozen=True):
    result: Text = None
    will_error_message: Text = None


class OcrResult(msgspec.Struct, frozen=True):
    """`legality`: probabilities that sum to 1 (ID Photo, Temporary ID Photo, Photocopy, Screen, Edited)."""

    name: Text = None
    id_card_number: Text = None
    legality: dict[str, float | None] | None = None


class CardSide(msgspec.Struct, frozen=True):
    ocr_result: OcrResult | None = None


class OcrField(msgspec.Struct, frozen=True):
    """How one field was read: `quality` 0-1, `logic` 1 = a logical problem."""

    quality: float | None = None
    logic: int | None = None


class IdCardInfo(msgspec.Struct, frozen=True):
    idcard_name: Text = None
    idcard_number: Text = None
    idcard_valid_date: Text = None
    front_side: CardSide | None = None
    back_side: CardSide | None = None
    ocr_front_quality: dict[str, OcrField | None] | None = None
    ocr_back_quality: dict[str, OcrField | None] | None = None

    def shares(self) -> list[float]:
        """Every legality and quality that was sent."""
        read = [side.ocr_result for side in (self.front_side, self.back_side) if side and side.ocr_result]
        shares = [share for result in read for share in (result.legality or {}).values()]
        for fields in (self.ocr_front_quality or {}, self.ocr_back_quality or {}):
            shares += [field.quality for field in fields.values() if field]
        return [share for share in shares if share is not None]

    def identity(self) -> Identity:
        """Name and number as the flow confirmed them, else as read off the card."""
        read = (self.front_side and self.front_side.ocr_result) or OcrResult()
        return Identity(
            name=as_text(self.idcard_name) or as_text(read.name),
            id_number=as_text(self.idcard_number) or as_text(read.id_card_number),
        )


class Payload(msgspec.Struct, frozen=True):
    """A callback or a result. `status` None means that the product sends none (it predates the field)."""

    biz_info: BizInfo
    status: Text = None
    fail_reason: Text = None
    idcard_info: IdCardInfo | None = None
    liveness_result: LivenessResult | None = None
    verify_result: VerifyResult | None = None
    will_result: list[WillAnswer] | None = None
    multifaces_tag: Text = None

    @property
    def biz_id(self) -> str:
        return self.biz_info.biz_id

    @property
    def biz_no(self) -> str | None:
        return as_text(self.biz_info.biz_no)

    def identity(self) -> Identity | None:
        """Who was verified, or None where the flow read no card."""
        found = self.idcard_info.identity() if self.idcard_info else Identity()
        return found if found.name or found.id_number else None

    def comparisons(self) -> dict[str, Comparison]:
        """The comparisons that were made, by their vendor names."""
        made = {name: getattr(self.verify_result, name, None) for name in COMPARISONS}
        return {name: comparison for name, comparison in made.items() if comparison is not None}

    def genuineness_blocks(self) -> list[FaceGenuineness]:
        """Every genuineness block that was sent."""
        blocks = (
            self.liveness_result.face_genuineness if self.liveness_result else None,
            self.verify_result.face_genuineness if self.verify_result else None,
        )
        return [block for block in blocks if block is not None]

    def genuineness(self) -> dict[str, float]:
        """The genuineness scores, thresholds and flags that were sent, by their vendor names.

        Sibling products put them under `verify_result`. Where both blocks speak, the worse word counts, so
        that neither hides what the other says.
        """
        found: dict[str, float] = {}
        for said in map(_sent, self.genuineness_blocks()):
            for name in found.keys() & said:
                worse = min if name.endswith("_threshold") else max
                said[name] = worse(found[name], said[name])
            found |= said
        return found


def decode_payload(data: bytes) -> Payload:
    """The typed form of a callback's `data` or of a get_result body.

    Raises:
        MalformedPayload: not one strict JSON object. How deep it nests where nobody looks is not asked here.
        UndecodableCallback: an object, but not one that we understand; `reason` is `missing_biz_id`,
            `bad_biz_id`, `unexpected_type`, `not_a_number` or `nul_character`.
    """
    if b"\\u0000" in data and _ESCAPED_NUL.search(data):
        # Legal JSON, but no PostgreSQL text can hold it, and no vendor field means it.
        raise UndecodableCallback("nul_character", "a string holds a NUL character")
    payload = _decode_usual(data) or _decode_any(data)
    if not BIZ_ID_SHAPE.fullmatch(payload.biz_id):
        raise UndecodableCallback("bad_biz_id", "the biz_id has an unexpected shape")
    return payload


def _decode_usual(data: bytes) -> Payload | None:
    """From bytes straight into types, a tenth of the time of a tree in between; None where that needs a
    closer look: an older product's shape, numbers sent as strings, keys with other padding than one space
    behind, or a mistake. A number sent as one is finite: JSON has no other."""
    # Before an opening quote the space means nothing, so that this trims keys alone; behind a backslash it
    # is a mistake, which must not be trimmed away.
    trimmed = data.replace(b' ":', b'":')
    if b'" ' in trimmed or b' ":' in trimmed or b'\\ ":' in data:
        return None
    try:
        # The decoder looks at the bytes of a string only when it builds one.
        data.decode()
        payload = _decoder.decode(trimmed)
    except (ValueError, RecursionError):
        return None
    return payload if payload.biz_id else None


_decoder: Final = msgspec.json.Decoder(Payload)


def _decode_any(data: bytes) -> Payload:
    """By way of the tree, in which any spelling can be set right."""
    tree = read_object(data)
    if (b' ":' in data or b'" ' in data) and _PADDED_KEY.search(data):
        _trim_keys(tree)
    _nest_biz_info(tree)
    try:
        payload = msgspec.convert(tree, Payload, strict=False)
    except msgspec.ValidationError as error:
        raise UndecodableCallback("unexpected_type", _where(error)) from None
    _require_finite(payload)
    return payload


def as_text(value: Text) -> str | None:
    """A text field's value, or None where it is absent or empty."""
    return None if value is None or value == "" else str(value)


_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PADDED_KEY: Final = re.compile(rb'[{,]\s*"\s|\s"\s*:')
_BIZ_KEYS: Final = ("biz_id", "biz_no", "biz_extra_data")


def _trim_keys(tree: dict[str, Any]) -> None:
    """Some products print keys with a trailing space (`"Temporary ID Photo "`)."""
    containers: list[Any] = [tree]
    while containers:
        container = containers.pop()
        if type(container) is dict:
            for key in [key for key in container if key != key.strip()]:
                container[key.strip()] = container.pop(key)
            container = container.values()
        containers += [child for child in container if type(child) is dict or type(child) is list]


def _nest_biz_info(tree: dict[str, Any]) -> None:
    """Older products send the three biz fields at top level."""
    nested = tree.get("biz_info")
    if nested is None:
        nested = {key: tree[key] for key in _BIZ_KEYS if key in tree}
        tree["biz_info"] = nested
    if not isinstance(nested, dict) or nested.get("biz_id") in (None, ""):
        raise UndecodableCallback("missing_biz_id", "the payload carries no biz_id")


def _where(error: msgspec.ValidationError) -> str:
    """The place of a type error. msgspec names expected and found types and the path, never the value."""
    return str(error)


def _require_finite(payload: Payload) -> None:
    """NaN and infinity can arrive as strings only; compared with a threshold they would decide wrongly."""
    if not all(map(math.isfinite, _scores(payload))):
        raise UndecodableCallback("not_a_number", "a score is not finite")


def _scores(payload: Payload) -> list[float]:
    blocks: list[FaceGenuineness | IdExceptions] = [*payload.genuineness_blocks()]
    if payload.verify_result and payload.verify_result.id_exceptions:
        blocks.append(payload.verify_result.id_exceptions)
    scores = [score for block in blocks for score in _sent(block).values()]
    for comparison in payload.comparisons().values():
        scores += (comparison.confidence, *comparison.thresholds.values())
    return scores + (payload.idcard_info.shares() if payload.idcard_info else [])


def _sent(block: FaceGenuineness | IdExceptions) -> dict[str, float]:
    return {name: value for name, value in msgspec.structs.asdict(block).items() if value is not None}
