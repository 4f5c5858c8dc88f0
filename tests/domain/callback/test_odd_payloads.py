"""One odd value costs no more than itself: unread it costs nothing, read by a rule it is for a person."""

import json
from typing import Any

import msgspec
import pytest

from tests.support.payloads.callbacks import (
    GENUINE,
    THRESHOLDS,
    changed,
    decoded_facts,
    judged,
    load_sample,
    passing_payload,
    put,
    without_notes,
)
from tests.support.payloads.odd_places import (
    APPROVED,
    CARD,
    FACE,
    INCOMPLETE,
    LIVENESS,
    MONOCHROME,
    REJECTED,
    REVIEW,
    SCORES,
    UNREADABLE,
)

UNREAD: list[tuple[str, Any]] = [
    ("biz_info.biz_extra_data", {"a": [1]}),
    ("biz_info.biz_extra_data", True),
    ("biz_info.biz_extra_data", "cut \ud83d"),
    ("biz_info.biz_extra_data", "a\0b"),
    ("fail_reason", {}),
    ("fail_reason", ["NETWORK_ERROR"]),
    ("note\0\ud800", "\0"),
    ("images", {"image_best": None}),
    ("time_used", "1e999"),
    ("verify_result.verify_time", ""),
    ("verify_result.verify_time", {"at": 1}),
    ("verify_result.verify_time", "yesterday"),
    ("verify_result.verify_time", 1462259763.123),
    ("verify_result.result_new", "x"),
    (f"{FACE}.thresholds.1e-9", "x"),
    (f"{LIVENESS}.details", "text"),
    (f"{LIVENESS}.details", [1]),
    (f"{LIVENESS}.details", {"UPLOAD_TIMES": 1.5, "failure_reason": "timeout", "a": {"b": {"c": 1}}}),
    (f"{SCORES}.request_id", ""),
    (f"{SCORES}.张三", 0),
    ("will_result.0.will_error_message", {"a": 1}),
    (MONOCHROME, "unknown"),
    (f"{CARD}.idcard_name", {}),
    (f"{CARD}.idcard_name", ["张三"]),
    (f"{CARD}.idcard_number", 1101),
    (f"{CARD}.idcard_valid_date", {"from": 1}),
    (f"{CARD}.front_side", "text"),
    (f"{CARD}.front_side.ocr_result.legality", [0.5]),
    (f"{CARD}.front_side.ocr_result.legality.ID Photo", "much"),
    (f"{CARD}.ocr_front_quality", {"gender": 0.9}),
    (f"{CARD}.ocr_front_quality", {"gender": {"quality": "good", "logic": "none"}}),
    (CARD, "text"),
]


@pytest.mark.parametrize(("path", "value"), UNREAD)
def test_an_unreadable_member_that_no_rule_reads_is_harmless(path: str, value: Any) -> None:
    assert judged(decoded_facts(changed(path, value))) == (APPROVED, [])


WRONG: dict[str, list[Any]] = {
    "status": [True, {"OK": "OK"}, ["OK"]],
    "biz_info.biz_no": [["order-1"], {"a": 1}, True, "x" * 513],
    LIVENESS: ["PASS", 1, ["PASS"], "{", '["PASS"]', True],
    f"{LIVENESS}.result": [True, ["PASS"], {"a": "PASS"}],
    f"{LIVENESS}.procedure_type": [False, ["video"]],
    SCORES: [0, "none", [0.1], True],
    f"{SCORES}.mask_confidence": ["high", "nan", True, False, [0.1]],
    f"{SCORES}.deepfake_confidence": ["high", "nan", True, False, [0.1]],
    f"{SCORES}.other": ["yes", {"confidence": 0.9, "threshold": 0.5}, [1]],
    f"{SCORES}.face_replaced": ["no", "inf", [0], {"a": 0}],
    "verify_result": ["x", 1, [1], "[1]", '"{}"', False],
    "verify_result.error_message": [{"a": 1}, ["NO_FACE_FOUND"], True],
    "verify_result.id_exceptions": ["none", 0, [0]],
    "verify_result.id_exceptions.id_attacked": ["no", [1], {"a": 1}, "nan", "1e999", "٣"],
    FACE: [91.3, "91.3", [91.3], True],
    f"{FACE}.confidence": ["high", "nan", "-inf", "1e999", 10**400, [91.3], {"a": 91}, True, "91,3"],
    f"{FACE}.thresholds": [[64, 74], "1e-5", 74],
    f"{FACE}.thresholds.1e-5": ["x", "nan", [74], True, 10**400],
    "verify_result.result_ref1": ["x", {"confidence": "x"}, {"thresholds": THRESHOLDS}],
    "verify_result.result_idcard_datasource": [[1], {"confidence": None, "thresholds": {"1e-3": 1}}],
    "will_result": ["PASS", True, {"result": "PASS"}, ["PASS"], [1], [["PASS"]], [{"result": True}]],
    "multifaces_tag": [["0"], {"a": 0}],
}
READ = [(path, value) for path, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("path", "value"), READ)
def test_an_unreadable_member_that_a_rule_reads_causes_review_by_name(path: str, value: Any) -> None:
    facts = decoded_facts(changed(path, value))
    outcome, codes = judged(facts)
    assert (outcome, UNREADABLE in codes) == (REVIEW, True)
    assert any(path.startswith(each) or each.startswith(path) for each in facts.unreadable)


NESTED = [
    "biz_info",
    CARD,
    f"{CARD}.front_side",
    LIVENESS,
    SCORES,
    "verify_result",
    FACE,
    f"{FACE}.thresholds",
]


@pytest.mark.parametrize("path", [*NESTED, "will_result", "verify_result.id_exceptions"])
def test_json_text_inside_json_is_read(path: str) -> None:
    inner: Any = passing_payload()
    for block in path.split("."):
        inner = inner[block]
    for text in (json.dumps(inner), f"\n {json.dumps(inner, indent=1)} "):
        facts = decoded_facts(put(passing_payload(), path, text))
        assert facts.irregular == (path,)
        assert without_notes(facts) == decoded_facts(passing_payload())


def test_json_text_inside_json_inside_json_is_read() -> None:
    tree = passing_payload()
    tree["verify_result"]["result_faceid"] = json.dumps(tree["verify_result"]["result_faceid"])
    tree["verify_result"] = json.dumps(tree["verify_result"])
    assert without_notes(decoded_facts(tree)) == decoded_facts(passing_payload())


@pytest.mark.parametrize(
    ("path", "value", "same_as"),
    [
        ("verify_result.id_exceptions.id_attacked", False, 0),
        ("verify_result.id_exceptions.id_attacked", True, 1),
        ("verify_result.id_exceptions.id_attacked", "0.0", 0),
        (f"{SCORES}.face_replaced", False, 0),
        (f"{SCORES}.face_replaced", True, 1),
        (f"{SCORES}.mask_confidence", "0.032", 0.032),
        (f"{FACE}.confidence", " 91.327 ", 91.327),
        (f"{LIVENESS}.details", {"UPLOAD_TIMES": "2"}, {"UPLOAD_TIMES": 2}),
        (f"{LIVENESS}.details", {"UPLOAD_TIMES": 2.0, "x": "y"}, {"UPLOAD_TIMES": 2}),
    ],
)
def test_another_spelling_of_the_same_number_is_that_number(path: str, value: Any, same_as: Any) -> None:
    assert decoded_facts(changed(path, value)) == decoded_facts(changed(path, same_as))


@pytest.mark.parametrize("names", [
    ("1E-3", "1E-4", "1E-5", "1E-6"),
    ("1e-03", "1e-04", "1e-05", "1e-06"),
    ("0.001", "0.0001", "0.00001", "0.000001"),
    ("1.0e-3", "1.0E-04", " 1e-5 ", "10e-7"),
])  # fmt: skip
def test_another_spelling_of_the_same_level_is_that_level(names: tuple[str, ...]) -> None:
    thresholds = dict(zip(names, THRESHOLDS.values(), strict=True))
    facts = decoded_facts(put(passing_payload(), f"{FACE}.thresholds", thresholds))
    assert facts == decoded_facts(passing_payload())


def test_an_unfinished_flow_stays_unfinished_despite_unreadable_members() -> None:
    tree = passing_payload() | {"status": "TIMEOUT", "liveness_result": "x"}
    assert judged(decoded_facts(tree)) == (INCOMPLETE, ["flow.timeout"])


def test_a_known_failure_stays_a_failure_despite_unreadable_members() -> None:
    tree = put(passing_payload(), f"{LIVENESS}.result", "FAIL") | {"multifaces_tag": ["0"]}
    assert judged(decoded_facts(tree)) == (REJECTED, ["liveness.failed", UNREADABLE])


def test_no_comparison_replaces_an_unreadable_one() -> None:
    """`auto` uses the only comparison in the payload; an unreadable one counts as present."""
    for broken in ("x", {"confidence": None, "thresholds": THRESHOLDS}, {"confidence": "x"}):
        tree = put(passing_payload(), FACE, broken)
        tree["verify_result"]["result_ref1"] = {"confidence": 99, "thresholds": THRESHOLDS}
        assert judged(decoded_facts(tree))[0] is REVIEW


def test_the_vendors_own_example_is_read_without_a_doubt() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    assert (facts.unreadable, facts.repeated) == ((), ())


def test_a_payload_cannot_inject_notes() -> None:
    facts = decoded_facts(passing_payload() | {"unreadable": ["x"], "repeated": ["张三"]})
    assert facts == decoded_facts(passing_payload())


def test_notes_name_nothing_that_was_sent() -> None:
    tree = passing_payload()
    tree["liveness_result"]["face_genuineness"] = {"张三_confidence": "x", "zhang_confidence": "x"} | GENUINE
    tree["idcard_info"]["ocr_front_quality"] = {"张三": "x"}
    tree["verify_result"]["result_faceid"]["thresholds"] = {"1E-005": "x", "张三": "x"}
    assert decoded_facts(tree).unreadable == (
        f"{CARD}.ocr_front_quality", SCORES, f"{FACE}.thresholds",
    )  # fmt: skip


def test_facts_without_doubts_are_stored_as_before() -> None:
    stored = msgspec.json.decode(msgspec.json.encode(decoded_facts(passing_payload())))
    assert stored.keys().isdisjoint({"unreadable", "repeated", "irregular"})
