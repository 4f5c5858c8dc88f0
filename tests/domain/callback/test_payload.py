"""Every spelling seen in the field is decoded to the same thing."""

from typing import Any

import pytest

from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.callback.words import as_text
from domain.model import Identity
from domain.policy.facts.facts import extract_facts
from tests.support.payloads.callbacks import (
    ID_NUMBER,
    NAME,
    Json,
    drop,
    dump,
    load_sample,
    passing_payload,
    put,
    read_sample,
    without_notes,
)

OLDER = "1467967672,a9e208ad-16c7-4f69-b47d-420f8d3209bb"
EXAMPLE = "1462259748,52b13fb5-8dfb-4537-a62b-a641d5e929f1"
ALL_FOUR = {"result_faceid", "result_ref1", "result_idcard_photo", "result_idcard_datasource"}


@pytest.mark.parametrize(
    ("name", "biz_id", "status", "comparisons", "synthetic", "identity"),
    [
        ("older_callback_passed.json", OLDER, None, {"result_faceid"}, 0.0, None),
        (
            "older_callback_failed.json",
            "1467967229,94f383b5-af3a-4499-82dc-47e25cf5374a",
            None,
            set(),
            None,
            None,
        ),
        (
            "own_picture_compared.json",
            "1572575765,4bbba42a-00aa-4c8e-90b5-a753bb3911ea",
            None,
            {"result_ref1"},
            0.0,
            None,
        ),
        ("callback_with_attack.json", EXAMPLE, "OK", ALL_FOUR, 0.88, Identity("陈AB", "xxxxxx19910602xxxx")),
        ("result_with_attack.json", EXAMPLE, "OK", ALL_FOUR, 0.88, Identity("陈AB", "xxxxxx19910602xxxx")),
        (
            "plus_callback_empty_blocks.json",
            "1700000000,00000000-0000-0000-0000-000000000000",
            "OTHER",
            set(),
            None,
            None,
        ),
    ],
)
def test_samples(
    name: str,
    biz_id: str,
    status: str | None,
    comparisons: set[str],
    synthetic: float | None,
    identity: Identity | None,
) -> None:
    payload = decode_payload(read_sample(name))

    genuineness = payload.genuineness()
    assert payload.biz_id == biz_id
    assert payload.status == status
    assert set(payload.comparisons()) == comparisons
    assert genuineness.get("synthetic_face_confidence") == synthetic
    assert payload.identity() == identity


def test_the_attack_sample_in_full() -> None:
    payload = decode_payload(read_sample("callback_with_attack.json"))
    live_face = payload.comparisons()["result_faceid"]
    assert payload.biz_no == "cc47190f-5502-44a2-ab74-ea4f0f649f61"
    assert payload.liveness_result is not None
    assert payload.liveness_result.result == "PASS/FAIL"
    assert payload.liveness_result.procedure_type == "will"
    assert live_face.confidence == 68.918
    assert live_face.thresholds == {"1e-3": 64, "1e-4": 69, "1e-5": 74, "1e-6": 79.9}
    assert payload.will_result is not None
    assert [answer.result for answer in payload.will_result] == ["PASS"]
    assert payload.multifaces_tag == "0"


def test_the_selfie_block() -> None:
    payload = _decode(put(passing_payload(), "liveness_result", load_sample("selfie_liveness_block.json")))
    genuineness = payload.genuineness()
    assert genuineness["selfie_inconsistent"] == 0
    assert genuineness["selfie_metadata_inconsistent"] == 0
    assert genuineness["synthetic_face_confidence"] == 0.88


def _decode(tree: Json) -> Payload:
    return decode_payload(dump(tree))


def test_biz_fields_nested_or_at_top_level_are_the_same() -> None:
    nested = passing_payload()
    flat = drop(passing_payload(), "biz_info") | nested["biz_info"]
    assert _decode(nested) == _decode(flat) == _decode(flat | {"biz_info": None})
    assert _decode(flat).biz_no == "order-1"


def test_nested_biz_fields_win_over_those_at_top_level() -> None:
    assert _decode(passing_payload() | {"biz_id": OLDER, "biz_no": "other"}) == _decode(passing_payload())


def test_genuineness_under_verify_result_is_found() -> None:
    tree = passing_payload()
    tree["verify_result"]["face_genuineness"] = tree["liveness_result"].pop("face_genuineness")
    assert _decode(tree).genuineness() == _decode(passing_payload()).genuineness() != {}


def test_no_genuineness_block_hides_the_other() -> None:
    tree = passing_payload()
    tree["verify_result"]["face_genuineness"] = {"mask_confidence": 0.9, "mask_threshold": 0.4}
    both = _decode(tree).genuineness()
    assert (both["mask_confidence"], both["mask_threshold"]) == (0.9, 0.4)
    tree["liveness_result"]["face_genuineness"] = {}
    assert _decode(tree).genuineness() == {"mask_confidence": 0.9, "mask_threshold": 0.4}
    tree["liveness_result"]["face_genuineness"] = {"mask_confidence": 0.95, "mask_threshold": 0.3}
    worst = _decode(tree).genuineness()
    assert (worst["mask_confidence"], worst["mask_threshold"]) == (0.95, 0.3)


@pytest.mark.parametrize(
    ("path", "value", "same_as"),
    [
        ("verify_result.result_faceid.confidence", "91.327", 91.327),
        ("verify_result.result_faceid.confidence", "91", 91),
        ("verify_result.result_faceid.thresholds.1e-5", "74", 74),
        ("verify_result.id_exceptions.id_attacked", "1", 1),
        ("liveness_result.face_genuineness.synthetic_face_confidence", "0.88", 0.88),
        ("liveness_result.face_genuineness.face_replaced", "1", 1),
    ],
)
def test_numbers_may_be_strings(path: str, value: str, same_as: float) -> None:
    assert _decode(put(passing_payload(), path, value)) == _decode(put(passing_payload(), path, same_as))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1, "1"), (33333, "33333"), ("33333", "33333"), ("", None), (None, None)]
)
def test_strings_may_be_numbers(value: Any, text: str | None) -> None:
    tree = passing_payload() | {"multifaces_tag": value}
    payload = _decode(put(tree, "biz_info.biz_no", value))
    assert payload.biz_no == as_text(payload.multifaces_tag) == text


BLOCKS = [
    "idcard_info",
    "idcard_info.front_side",
    "idcard_info.front_side.ocr_result",
    "liveness_result",
    "liveness_result.face_genuineness",
    "liveness_result.face_genuineness.mask_confidence",
    "verify_result",
    "verify_result.result_faceid",
    "verify_result.result_faceid.thresholds",
    "verify_result.result_faceid.thresholds.1e-5",
    "verify_result.id_exceptions",
    "verify_result.id_exceptions.id_attacked",
    "will_result",
    "multifaces_tag",
    "status",
]


@pytest.mark.parametrize("path", BLOCKS)
def test_an_empty_value_is_an_absent_one(path: str) -> None:
    absent = extract_facts(_decode(drop(passing_payload(), path)))
    empties: list[object] = [None, "", " ", {}, [], {"any": None}]
    for empty in empties:
        assert without_notes(extract_facts(_decode(put(passing_payload(), path, empty)))) == absent
    assert path.startswith("idcard_info") or absent != extract_facts(_decode(passing_payload()))


def _padded(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{key} ": _padded(item) for key, item in value.items()}
    return [_padded(item) for item in value] if isinstance(value, list) else value


def test_keys_are_trimmed_at_every_level() -> None:
    assert _decode(_padded(passing_payload())) == _decode(passing_payload())


def _crowded(value: Any) -> Any:
    if isinstance(value, dict):
        crowded = {key: _crowded(item) for key, item in value.items()}
        full = set(value) & {"1e-5", "mask_confidence"}
        return crowded if full else crowded | {"new_key": [1, {"a": None}]}
    return [_crowded(item) for item in value] if isinstance(value, list) else value


def test_unknown_keys_are_passed_over_at_every_level() -> None:
    assert _decode(_crowded(passing_payload())) == _decode(passing_payload())


@pytest.mark.parametrize(
    ("changes", "identity"),
    [
        pytest.param({}, Identity(NAME, ID_NUMBER), id="confirmed"),
        pytest.param(
            {"front_side.ocr_result.name": "read", "front_side.ocr_result.id_card_number": "1"},
            Identity(NAME, ID_NUMBER),
            id="confirmed-wins-over-read",
        ),
        pytest.param({"idcard_name": None, "idcard_number": ""}, Identity(NAME, ID_NUMBER), id="read"),
        pytest.param(
            {"idcard_name": "", "front_side.ocr_result.name": "read"}, Identity("read", ID_NUMBER), id="half"
        ),
        pytest.param({"idcard_number": 1101}, Identity(NAME, "1101"), id="number-as-number"),
        pytest.param({"front_side": None}, Identity(NAME, ID_NUMBER), id="typed-in"),
        pytest.param({"front_side": None, "idcard_name": None}, Identity(None, ID_NUMBER), id="number-alone"),
        pytest.param({"front_side": {}, "idcard_name": "", "idcard_number": ""}, None, id="nobody"),
    ],
)
def test_identity_as_confirmed_else_as_read(changes: Json, identity: Identity | None) -> None:
    tree = passing_payload()
    for path, value in changes.items():
        put(tree, f"idcard_info.{path}", value)
    assert _decode(tree).identity() == identity
