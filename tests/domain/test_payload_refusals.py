"""A genuine payload that nobody understands is refused with a stable reason, for the list of dead letters."""

import pytest

from domain.errors import MalformedPayload, UndecodableCallback
from domain.payload import decode_payload
from tests.domain.builders import BIZ_ID, NAME, dump, passing_payload, put, read_sample


def _refused(data: bytes) -> UndecodableCallback:
    with pytest.raises(UndecodableCallback) as caught:
        decode_payload(data)
    return caught.value


@pytest.mark.parametrize("name", ["result_not_found.json", "name_mismatch_answer.json"])
def test_error_answers_carry_no_biz_id(name: str) -> None:
    assert _refused(read_sample(name)).reason == "missing_biz_id"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("biz_info", {}, "missing_biz_id"),
        ("biz_info", [], "missing_biz_id"),
        ("biz_info", "x", "missing_biz_id"),
        ("biz_info.biz_id", None, "missing_biz_id"),
        ("biz_info.biz_id", "", "missing_biz_id"),
        ("biz_info.biz_id", 1700000000, "unexpected_type"),
        ("biz_info.biz_id", True, "unexpected_type"),
        ("biz_info.biz_id", [], "unexpected_type"),
        ("biz_info.biz_id", {"a": 1}, "unexpected_type"),
        ("biz_info.biz_id", "1234567", "bad_biz_id"),
        ("biz_info.biz_id", "1" * 129, "bad_biz_id"),
        ("biz_info.biz_id", BIZ_ID + "\n", "bad_biz_id"),
        ("biz_info.biz_id", "1462259748, 52b13fb5", "bad_biz_id"),
        ("biz_info.biz_id", "../../etc/passwd", "bad_biz_id"),
        ("biz_info.biz_id", "１４６２２５９７４８", "bad_biz_id"),
        ("biz_info.biz_no", ["order-1"], "unexpected_type"),
        ("status", True, "unexpected_type"),
        ("status", {"OK": "OK"}, "unexpected_type"),
        ("liveness_result", "PASS", "unexpected_type"),
        ("liveness_result.face_genuineness", 0, "unexpected_type"),
        ("liveness_result.face_genuineness.mask_confidence", "high", "unexpected_type"),
        ("liveness_result.face_genuineness.mask_confidence", False, "unexpected_type"),
        ("verify_result", [], "unexpected_type"),
        ("verify_result.result_faceid", 91.3, "unexpected_type"),
        ("verify_result.result_faceid", {}, "unexpected_type"),
        ("verify_result.result_faceid.confidence", None, "unexpected_type"),
        ("verify_result.result_faceid.confidence", "", "unexpected_type"),
        ("verify_result.result_faceid.confidence", "1e999", "unexpected_type"),
        ("verify_result.result_faceid.confidence", 10**400, "unexpected_type"),
        ("verify_result.result_faceid.thresholds", [64, 74], "unexpected_type"),
        ("verify_result.result_faceid.thresholds.1e-5", None, "unexpected_type"),
        ("will_result", "PASS", "unexpected_type"),
        ("will_result", [None], "unexpected_type"),
        ("idcard_info.idcard_name", [NAME], "unexpected_type"),
        ("idcard_info.front_side", NAME, "unexpected_type"),
        ("biz_info.biz_extra_data", "a\0b", "nul_character"),
        ("new\0key", 1, "nul_character"),
    ],
)
def test_what_cannot_be_decoded(path: str, value: object, reason: str) -> None:
    assert _refused(dump(put(passing_payload(), path, value))).reason == reason


SCORES = [
    "verify_result.result_faceid.confidence",
    "verify_result.result_ref1",
    "verify_result.result_idcard_datasource",
    "verify_result.result_faceid.thresholds.1e-5",
    "verify_result.result_faceid.thresholds.1e-9",
    "verify_result.id_exceptions.id_attacked",
    "verify_result.id_exceptions.id_photo_monochrome",
    "liveness_result.face_genuineness.synthetic_face_confidence",
    "liveness_result.face_genuineness.screen_replay_threshold",
    "liveness_result.face_genuineness.face_replaced",
    "liveness_result.face_genuineness.selfie_metadata_inconsistent",
]


@pytest.mark.parametrize("path", SCORES)
@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "Infinity", "-Infinity"])
def test_strings_that_are_no_finite_number(path: str, text: str) -> None:
    value: object = {"confidence": text} if path.count(".") == 1 else text
    assert _refused(dump(put(passing_payload(), path, value))).reason == "not_a_number"


@pytest.mark.parametrize(
    "data",
    [
        b"{} {}",
        dump(passing_payload())[:-1] + b', "a\\ ":1}',
        dump(passing_payload())[:-1] + b', "a": "\x80"}',
    ],
    ids=["two objects", "an escape that is none", "no UTF-8 where nobody looks"],
)
def test_not_json_is_not_the_decoders_business(data: bytes) -> None:
    with pytest.raises(MalformedPayload):
        decode_payload(data)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    decode_payload(dump(put(passing_payload(), "biz_info.biz_extra_data", "\\u0000")))
    with pytest.raises(UndecodableCallback):
        decode_payload(dump(put(passing_payload(), "biz_info.biz_extra_data", "\\\x00")))
