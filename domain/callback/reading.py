"""Read a payload member by member from any tree.

Empty members count as absent, unreadable members that a rule may read are noted, and members that no rule
reads are skipped (`domain/callback/blocks.py`). Structure and names: callback page, 1.1, and captures of
other products.
"""

from typing import Any, Final

from domain.callback.attack_reading import read_signs
from domain.callback.blocks import Block, Notes, as_count, as_number, is_empty
from domain.callback.parts import (
    COMPARISONS,
    COUNTERS,
    LEGALITY,
    LEVELS,
    LONGEST_BIZ_NO,
    BizInfo,
    CardSide,
    DoubtfulPayload,
    FaceComparison,
    IdCardInfo,
    IdExceptions,
    Level,
    LivenessResult,
    OcrField,
    OcrResult,
    Payload,
    VerifyResult,
    WillAnswer,
)
from domain.callback.plus import read_plus
from domain.callback.words import Text, as_text
from domain.errors import MalformedPayload, UndecodableCallback
from domain.model import usable_biz_id

_LEVEL_OF: Final = {float(level): level for level in LEVELS}

CHARACTERS: Final = "characters"
"""The irregular member that marks a string with a NUL or half a surrogate pair."""

Counts = dict[str, int | dict[str, int] | None]


def read_payload(tree: Any, *, has_lost_characters: bool = False) -> Payload:
    """The payload in a JSON value as `read_closely` gives it, perhaps with characters lost.

    Raises:
        MalformedPayload: it is not an object.
        UndecodableCallback: no biz_id can be found; `reason` is `missing_biz_id` or `bad_biz_id`.
    """
    if not isinstance(tree, dict):
        raise MalformedPayload("data is not one strict UTF-8 JSON object")
    root = Block(tree, Notes())
    if has_lost_characters:
        root.notes.not_as_documented(CHARACTERS)
    code, message = root.text("result_code"), root.text("result_message")
    status, plus = root.text("status"), read_plus(code, message)
    payload = Payload(
        biz_info=_biz_info(root),
        status=plus.status if plus and as_text(status) is None else status,
        result_code=code,
        result_message=message,
        fail_reason=root.unread_text("fail_reason"),
        idcard_info=root.block("idcard_info", _card),
        liveness_result=root.block("liveness_result", _liveness),
        verify_result=root.block("verify_result", _verify),
        will_result=_will(root),
        multifaces_tag=_tag(root),
        face_genuineness=read_signs(root),
    )
    return _with_notes(payload, root.notes)


def _with_notes(payload: Payload, notes: Notes) -> Payload:
    if not (notes.unreadable or notes.repeated or notes.irregular):
        return payload
    members = {name: getattr(payload, name) for name in Payload.__struct_fields__}
    return DoubtfulPayload(
        **members, unreadable=notes.unreadable, repeated=notes.repeated, irregular=notes.irregular
    )


def _biz_info(root: Block) -> BizInfo:
    """Older products send its members at top level."""
    nested = root.structure("biz_info", empty={})
    places = [Block(nested, root.notes, "biz_info"), root] if isinstance(nested, dict) else [root]
    for place in places:
        if biz_id := usable_biz_id(place.value("biz_id")):
            return BizInfo(biz_id, _biz_no(place), place.unread_text("biz_extra_data"))
    if any(place.value("biz_id") is not None for place in places):
        raise UndecodableCallback("bad_biz_id", "the biz_id has an unexpected shape")
    raise UndecodableCallback("missing_biz_id", "the payload carries no biz_id")


def _biz_no(place: Block) -> Text:
    text = as_text(place.text("biz_no"))
    if text is None or len(text) <= LONGEST_BIZ_NO:
        return text
    place.notes.cannot_read(place.name_of("biz_no"))
    return None


def _tag(root: Block) -> Text:
    value = root.members.get("multifaces_tag")
    return int(value) if isinstance(value, bool) else root.text("multifaces_tag")


def _liveness(block: Block) -> LivenessResult:
    return LivenessResult(
        result=block.text("result"),
        procedure_type=block.text("procedure_type"),
        details=block.block("details", _counts),
        face_genuineness=read_signs(block),
    )


def _counts(details: Block) -> Counts:
    counts: Counts = {}
    for name in details.members:
        value = details.entry(name)
        if isinstance(value, dict):
            pose = Block(value, details.notes, details.path)
            counts[name] = {each: n for each in value if (n := _count(pose, each)) is not None}
        else:
            counts[name] = _count(details, name)
    return counts


def _count(block: Block, name: str) -> int | None:
    """A counter; one that is not on the vendor's list is not noted if it is unreadable."""
    value = block.entry(name)
    count = as_count(value)
    if value is not None and count is None and name in COUNTERS:
        block.notes.cannot_read(block.path)
    return count


def _verify(block: Block) -> VerifyResult:
    comparisons = {name: block.block(name, _comparison) for name in COMPARISONS}
    return VerifyResult(
        error_message=block.text("error_message"),
        verify_time=_whole(block.unread_number("verify_time")),
        id_exceptions=block.block("id_exceptions", _exceptions),
        face_genuineness=read_signs(block),
        **comparisons,
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _exceptions(block: Block) -> IdExceptions:
    return IdExceptions(block.flag("id_attacked"), block.flag("id_photo_monochrome"))


def _comparison(block: Block) -> FaceComparison | None:
    confidence = block.number("confidence")
    thresholds = block.block("thresholds", _thresholds) or {}
    if confidence is None:
        block.notes.cannot_read(block.path)
        return None
    return FaceComparison(confidence, thresholds)


def _thresholds(block: Block) -> dict[Level, float]:
    """By level, however its number is written: `1E-5` and `0.00001` are `1e-5`."""
    found: dict[Level, float] = {}
    for name in block.members:
        level = _level_of(name)
        value = block.entry(name) if level else None
        if level is None or value is None:
            continue
        if level in found:
            block.notes.twice(block.path)
        number = as_number(value)
        if number is None:
            block.notes.cannot_read(block.path)
        else:
            found[level] = number
    return found


def _level_of(name: str) -> Level | None:
    rate = as_number(name)
    return None if rate is None else _LEVEL_OF.get(rate)


def _will(root: Block) -> list[WillAnswer] | None:
    return [_answer(root, entry) for entry in root.entries("will_result")] or None


def _answer(root: Block, entry: Any) -> WillAnswer:
    if isinstance(entry, dict):
        answer = Block(entry, root.notes, "will_result")
        return WillAnswer(answer.text("result"), answer.unread_text("will_error_message"))
    if not is_empty(entry):
        root.notes.cannot_read("will_result")
    return WillAnswer()


def _card(block: Block) -> IdCardInfo:
    return IdCardInfo(
        idcard_name=block.unread_text("idcard_name"),
        idcard_number=block.unread_text("idcard_number"),
        idcard_valid_date=block.text("idcard_valid_date"),
        front_side=block.block("front_side", _side),
        back_side=block.block("back_side", _side),
        ocr_front_quality=block.block("ocr_front_quality", _fields),
        ocr_back_quality=block.block("ocr_back_quality", _fields),
    )


def _side(block: Block) -> CardSide:
    return CardSide(block.block("ocr_result", _ocr_result))


def _ocr_result(block: Block) -> OcrResult:
    return OcrResult(
        name=block.unread_text("name"),
        id_card_number=block.unread_text("id_card_number"),
        valid_date=block.text("valid_date"),
        legality=block.block("legality", _legality),
    )


def _legality(block: Block) -> dict[str, float | None]:
    return {name: block.number(name) for name in LEGALITY}


def _fields(block: Block) -> dict[str, OcrField | None]:
    return {name: _field(block, name) for name in block.members}


def _field(block: Block, name: str) -> OcrField | None:
    value = block.entry(name)
    if isinstance(value, dict):
        field = Block(value, block.notes, block.path)
        return OcrField(field.number("quality"), field.flag("logic"), field.unread_text("result"))
    if value is not None:
        block.notes.cannot_read(block.path)
    return None
