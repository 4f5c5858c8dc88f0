"""The content of a callback or a result, as types (callback page, 1.1; captures of other products).

They have only the members that the gateway uses; the raw bytes are stored. `domain/callback/payload.py`
decodes bytes to these types.
"""

from typing import Annotated, Final, Literal, get_args

import msgspec

from domain.callback.plus import PlusResult, read_plus
from domain.callback.words import Number, Text, as_text, status_word
from domain.model import Identity

ComparisonName = Literal[
    "result_faceid",
    "result_ref1",
    "result_ref2",
    "result_ref3",
    "result_idcard_photo",
    "result_idcard_datasource",
]
COMPARISONS: Final[tuple[ComparisonName, ...]] = get_args(ComparisonName)
"""The comparisons in a `verify_result`; the first is the live face with the authority's photo."""

LIVE_COMPARISONS: Final = frozenset(COMPARISONS) - {"result_idcard_datasource"}
"""The comparisons of the live face; the other one compares the card's portrait with the authority's photo."""

AUTOMATIC: Final = frozenset({"result_faceid", "result_ref1", "result_ref2", "result_ref3"})
"""The comparisons that count by default: the live face with a picture that the user did not supply."""

Level = Literal["1e-3", "1e-4", "1e-5", "1e-6"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""False-accept levels, loosest first (callback page, `thresholds`)."""

COUNTERS: Final = (
    "UPLOAD_TIMES",
    "FACE_NOT_FOUND",
    "LOW_FACE_QUALITY",
    "INVALID_VIDEO_DURATION",
    "SR_ERROR",
    "NOT_SYNCHRONIZED",
    "VIDEO_FORMAT_UNSUPPORTED",
    "NO_AUDIO",
    "FACE_BLURRED",
    "FACE_MULTIPLE_FACES",
    "FACE_POOR_LIGHT",
    "FACE_NOT_FRONT",
    "FACE_NOT_SIDE",
    "FACE_NOT_PROPER_POSITION",
    "UNSUPPORTED_FORMAT",
)
"""The counters in `liveness_result.details` (callback page; the last seven: selfie procedure, per pose)."""

LEGALITY: Final = {
    "ID Photo": "id_photo",
    "Temporary ID Photo": "temporary",
    "Temporary ID Photo ": "temporary",
    "Photocopy": "photocopy",
    "Screen": "screen",
    "Edited": "edited",
}
"""The vendor's names of the legality shares, and ours. One of the vendor's ends with a space on its page."""


LONGEST_BIZ_NO: Final = 512
"""Characters. The vendor takes 128 bytes, PostgreSQL's index 2,700."""

BizNo = Annotated[str, msgspec.Meta(max_length=LONGEST_BIZ_NO)] | Number | None


class BizInfo(msgspec.Struct, frozen=True):
    biz_id: str
    biz_no: BizNo = None
    biz_extra_data: Text = None


class FaceComparison(msgspec.Struct, frozen=True):
    """`confidence` 0-100; `thresholds` maps a level of `LEVELS` to its score."""

    confidence: float
    thresholds: dict[Level, float] = {}


GENUINENESS: Final = (
    "synthetic_face_confidence",
    "synthetic_face_threshold",
    "mask_confidence",
    "mask_threshold",
    "screen_replay_confidence",
    "screen_replay_threshold",
    "face_replaced",
    "selfie_inconsistent",
    "selfie_metadata_inconsistent",
)
"""The members of `face_genuineness` (callback page)."""

Count = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]

Genuineness = dict[str, float | None]
"""Scores, thresholds and flags by their vendor names, including undocumented ones."""


class LivenessResult(msgspec.Struct, frozen=True):
    """`details` counts failed attempts, one level deeper in the selfie procedure."""

    result: Text = None
    procedure_type: Text = None
    details: dict[str, Count | dict[str, Count] | None] | None = None
    face_genuineness: Genuineness | None = None


class IdExceptions(msgspec.Struct, frozen=True):
    id_attacked: float | None = None
    id_photo_monochrome: float | None = None


class VerifyResult(msgspec.Struct, frozen=True):
    error_message: Text = None
    verify_time: int | None = None
    id_exceptions: IdExceptions | None = None
    face_genuineness: Genuineness | None = None
    result_faceid: FaceComparison | None = None
    result_ref1: FaceComparison | None = None
    result_ref2: FaceComparison | None = None
    result_ref3: FaceComparison | None = None
    result_idcard_photo: FaceComparison | None = None
    result_idcard_datasource: FaceComparison | None = None


class WillAnswer(msgspec.Struct, frozen=True):
    result: Text = None
    will_error_message: Text = None


class OcrResult(msgspec.Struct, frozen=True):
    """`legality`: probabilities that sum to 1 (ID Photo, Temporary ID Photo, Photocopy, Screen, Edited)."""

    name: Text = None
    id_card_number: Text = None
    valid_date: Text = None
    legality: dict[str, float | None] | None = None


class CardSide(msgspec.Struct, frozen=True):
    ocr_result: OcrResult | None = None


class OcrField(msgspec.Struct, frozen=True):
    """One field as read: `quality` 0-1, `logic` 1 = a logical problem, `result` the text."""

    quality: float | None = None
    logic: float | None = None
    result: Text = None


class IdCardInfo(msgspec.Struct, frozen=True):
    idcard_name: Text = None
    idcard_number: Text = None
    idcard_valid_date: Text = None
    front_side: CardSide | None = None
    back_side: CardSide | None = None
    ocr_front_quality: dict[str, OcrField | None] | None = None
    ocr_back_quality: dict[str, OcrField | None] | None = None

    def identity(self) -> Identity:
        """Name and number as the flow confirmed them, else as read off the card."""
        read = (self.front_side and self.front_side.ocr_result) or OcrResult()
        return Identity(
            name=as_text(self.idcard_name) or as_text(read.name),
            id_number=as_text(self.idcard_number) or as_text(read.id_card_number),
        )


class Payload(msgspec.Struct, frozen=True):
    """A callback or a result. `status` None means that the product predates the field. H5 Plus sends
    `result_code` and `result_message` instead, from which `status` is derived.

    `unreadable`: members that a rule may read and that have an unknown type; `repeated`: members that appear
    twice, of which the last counts; `irregular`: members that no rule needs and that differ from the
    documentation. All by their dotted names, never with a value.
    """

    biz_info: BizInfo
    status: Text = None
    result_code: Text = None
    result_message: Text = None
    fail_reason: Text = None
    idcard_info: IdCardInfo | None = None
    liveness_result: LivenessResult | None = None
    verify_result: VerifyResult | None = None
    will_result: list[WillAnswer] | None = None
    multifaces_tag: Text = None
    face_genuineness: Genuineness | None = None

    @property
    def unreadable(self) -> tuple[str, ...]:
        return ()

    @property
    def repeated(self) -> tuple[str, ...]:
        return ()

    @property
    def irregular(self) -> tuple[str, ...]:
        return ()

    @property
    def status_word(self) -> str | None:
        """The status, or OTHER if it is not one of the vendor's; safe for lists, logs and answers."""
        return status_word(self.status)

    @property
    def plus(self) -> PlusResult | None:
        """The overall result that H5 Plus sends; the other products send neither of its two fields."""
        if self.result_code is None and self.result_message is None:
            return None
        return read_plus(self.result_code, self.result_message)

    @property
    def biz_id(self) -> str:
        return self.biz_info.biz_id

    @property
    def biz_no(self) -> str | None:
        return as_text(self.biz_info.biz_no)

    def identity(self) -> Identity | None:
        """Who was verified, or None if the flow read no card."""
        found = self.idcard_info.identity() if self.idcard_info else Identity()
        return found if found.name or found.id_number else None

    def comparisons(self) -> dict[str, FaceComparison]:
        """The comparisons in the payload, by their vendor names."""
        by_name = {name: getattr(self.verify_result, name, None) for name in COMPARISONS}
        return {name: comparison for name, comparison in by_name.items() if comparison is not None}

    def genuineness(self) -> dict[str, float]:
        """The genuineness scores, thresholds and flags in the payload, by their vendor names.

        They are in `liveness_result`; sibling products put them under `verify_result`, and a top-level block
        counts too. Of two values the worse counts, so that no block hides another's value.
        """
        found: Genuineness = {}
        for block in (self.liveness_result, self.verify_result, self):
            for name, value in ((block and block.face_genuineness) or {}).items():
                found[name] = worse_sign(name, found.get(name), value)
        return {name: value for name, value in found.items() if value is not None}


class DoubtfulPayload(Payload, frozen=True, kw_only=True):
    """A payload with notes."""

    unreadable: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    irregular: tuple[str, ...] = ()


def worse_sign(name: str, one: float | None, other: float | None) -> float | None:
    """Of two values of one sign, the one that indicates an attack more; an unreadable sign does so too."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other) if name.endswith("_threshold") else max(one, other, key=abs)
