"""Facts describe a payload without identity, and two payloads are compared by them."""

from math import nan
from typing import Any

import msgspec
import pytest

from domain.callback.payload import decode_payload
from domain.policy.facts.facts import (
    EDITION,
    ComparisonFacts,
    Disagreement,
    Facts,
    compare_facts,
    extract_facts,
    reached_level,
)
from tests.support.payloads.callbacks import (
    BIZ_ID,
    GENUINE,
    THRESHOLDS,
    Json,
    compared,
    decoded_facts,
    dump,
    load_sample,
    passing_facts,
    passing_payload,
    put,
    read_sample,
)


def test_the_facts_of_a_pass() -> None:
    assert decoded_facts(passing_payload()) == Facts(
        status="OK",
        liveness="PASS",
        procedure_type="will",
        genuineness=GENUINE,
        comparisons={"result_faceid": ComparisonFacts(91.327, THRESHOLDS, "1e-6")},
        error_message=None,
        id_attacked=0,
        id_photo_monochrome=0,
        will="PASS",
        multifaces_tag="0",
        edition=EDITION,
    )


def test_an_absent_value_is_not_a_fact() -> None:
    assert decoded_facts({"biz_id": BIZ_ID}) == Facts(edition=EDITION)


def test_the_facts_of_an_older_product() -> None:
    facts = extract_facts(decode_payload(read_sample("older_callback_passed.json")))
    assert (facts.status, facts.liveness) == (None, "PASS")
    assert facts.genuineness["synthetic_face_threshold"] == 0.5
    assert facts.comparisons["result_faceid"].level == "1e-6"
    assert extract_facts(decode_payload(read_sample("older_callback_failed.json"))) == Facts(
        liveness="FAIL", edition=EDITION
    )


def test_every_comparison_has_its_level() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    assert {name: made.level for name, made in facts.comparisons.items()} == {
        "result_faceid": "1e-3",
        "result_ref1": "1e-3",
        "result_idcard_photo": "1e-3",
        "result_idcard_datasource": "1e-3",
    }


@pytest.mark.parametrize(
    ("confidence", "thresholds", "level"),
    [
        (63.9, THRESHOLDS, None),
        (64.0, THRESHOLDS, "1e-3"),
        (68.9, THRESHOLDS, "1e-3"),
        (69.0, THRESHOLDS, "1e-4"),
        (74.0, THRESHOLDS, "1e-5"),
        (79.8, THRESHOLDS, "1e-5"),
        (79.9, THRESHOLDS, "1e-6"),
        (100.0, {"1e-3": 64.0}, "1e-3"),
        (70.0, {"1e-6": 69.0, "1e-3": 64.0}, "1e-6"),
        (100.0, {}, None),
        (100.0, {"1e-9": 1.0}, None),
        (nan, THRESHOLDS, None),
        (100.0, {"1e-3": nan}, None),
    ],
)
def test_reached_level(confidence: float, thresholds: dict[str, float], level: str | None) -> None:
    assert reached_level(confidence, thresholds) == level


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ("PASS", "PASS"),
        ("pass", "PASS"),
        ("success", "PASS"),
        ("FAIL", "FAIL"),
        ("failed", "FAIL"),
        ("failure", "FAIL"),
        ("PASS/FAIL", "OTHER"),
        ("PASS ", "OTHER"),
        ("TIMEOUT", "OTHER"),
        (1, "OTHER"),
        ("", None),
        (None, None),
    ],
)
def test_verdicts(result: object, verdict: str | None) -> None:
    tree = put(passing_payload(), "liveness_result.result", result)
    facts = decoded_facts(tree | {"will_result": [{"result": result}]})
    assert facts.liveness == verdict
    assert facts.will == (verdict or "OTHER")


@pytest.mark.parametrize(
    ("answers", "will"),
    [
        (["PASS", "PASS"], "PASS"),
        (["PASS", "FAIL"], "FAIL"),
        (["FAIL", None], "FAIL"),
        (["PASS", None], "OTHER"),
        (["PASS", "odd"], "OTHER"),
        ([], None),
    ],
)
def test_will_is_passed_if_every_answer_is(answers: list[str | None], will: str | None) -> None:
    tree = passing_payload() | {"will_result": [{"result": answer} for answer in answers]}
    assert decoded_facts(tree).will == will


PLAIN_FIELDS = [
    ("status", "status"),
    ("multifaces_tag", "multifaces_tag"),
    ("liveness_result.procedure_type", "procedure_type"),
    ("verify_result.error_message", "error_message"),
]


@pytest.mark.parametrize(("path", "fact"), PLAIN_FIELDS)
@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("", None),
        (" ", None),
        (None, None),
        ({}, None),
        ([], None),
        ("张三", "OTHER"),
        ("OK 张三", "OTHER"),
        ("OK:ZhangSan", "OTHER"),
        ("Zhang San", "OTHER"),
        ("11010119900307001X", "OTHER"),
        ("110101-1990-0307-001X", "OTHER"),
        ("1 1 0 1 0 1", "OTHER"),
        (11010119900307001, "OTHER"),
        ("<script>", "OTHER"),
        ("OK\n", "OTHER"),
        ("OK\0", "OTHER"),
        ("OK\r\nforged log line", "OTHER"),
        ("X" * 129, "OTHER"),
    ],
)
def test_free_text_is_no_fact(path: str, fact: str, value: object, word: str | None) -> None:
    facts = decoded_facts(put(passing_payload(), path, value))
    assert getattr(facts, fact) == word


@pytest.mark.parametrize(("path", "fact"), PLAIN_FIELDS)
@pytest.mark.parametrize("value", [True, ["OK"], {"OK": "OK"}, 10**400])
def test_a_value_that_is_not_a_text_is_noted_and_not_a_fact(path: str, fact: str, value: object) -> None:
    facts = decoded_facts(put(passing_payload(), path, value))
    if (path, value) == ("multifaces_tag", True):
        assert (facts.multifaces_tag, facts.unreadable) == ("1", ())
    else:
        assert (getattr(facts, fact), facts.unreadable) == (None, (path,))


WORDS = [
    ("status", "WEBRTC_UNSUPPORTED"),
    ("status", "SOMETHING_NEW"),
    ("liveness_result.procedure_type", "meglive_flash"),
    ("verify_result.error_message", "ID_NUMBER_NAME_NOT_MATCH"),
    ("verify_result.error_message", "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source"),
    ("verify_result.error_message", "BAD_ARGUMENTS: image_ref1, image_ref2"),
]


@pytest.mark.parametrize(("path", "word"), WORDS)
def test_the_vendors_words_are_facts(path: str, word: str) -> None:
    facts = decoded_facts(put(passing_payload(), path, word))
    assert getattr(facts, path.rpartition(".")[2]) == word


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, "0", "0.0", "0.", ".0", "00", "0e5", "+0", " 0 ", False])
def test_every_zero_is_the_same_tag(zero: object) -> None:
    assert decoded_facts(passing_payload() | {"multifaces_tag": zero}).multifaces_tag == "0"


@pytest.mark.parametrize(
    ("tag", "word"), [(1, "1"), ("2", "2"), (33333, "33333"), (True, "1"), ("0x0", "OTHER"), (0.5, "0.5")]
)
def test_no_other_tag_is_zero(tag: object, word: str) -> None:
    assert decoded_facts(passing_payload() | {"multifaces_tag": tag}).multifaces_tag == word


@pytest.mark.parametrize(
    ("callback", "result", "expected"),
    [
        pytest.param({}, {}, [], id="equal"),
        pytest.param({"status": "OK"}, {"status": "FAILED"}, [("status", "OK", "FAILED")], id="status"),
        pytest.param({"status": None}, {"status": "FAILED"}, [], id="callback-silent"),
        pytest.param({"liveness": "PASS"}, {"liveness": None}, [], id="result-silent"),
        pytest.param({"id_attacked": 0}, {"id_attacked": 1}, [("id_attacked", 0, 1)], id="zero-is-a-fact"),
        pytest.param({"genuineness": GENUINE}, {"genuineness": {}}, [], id="block-missing"),
        pytest.param(
            {"genuineness": GENUINE},
            {"genuineness": {"mask_confidence": 0.9}},
            [("genuineness.mask_confidence", 0.032, 0.9)],
            id="one-score-of-a-block",
        ),
        pytest.param(
            {"comparisons": compared(91.0)},
            {"comparisons": compared(75.0)},
            [
                ("comparisons.result_faceid.confidence", 91.0, 75.0),
                ("comparisons.result_faceid.level", "1e-6", "1e-5"),
            ],
            id="confidence-and-level",
        ),
        pytest.param(
            {"comparisons": compared(91.0)},
            {"comparisons": compared(91.0, THRESHOLDS | {"1e-5": 10.0})},
            [("comparisons.result_faceid.thresholds.1e-5", 74.0, 10.0)],
            id="a-lowered-threshold",
        ),
        pytest.param(
            {"comparisons": compared(91.0)},
            {"comparisons": compared(41.0, name="result_ref1")},
            [],
            id="other-comparisons",
        ),
        pytest.param(
            {"liveness": "PASS", "will": "PASS"},
            {"liveness": "FAIL", "will": "FAIL"},
            [("liveness", "PASS", "FAIL"), ("will", "PASS", "FAIL")],
            id="two-facts",
        ),
    ],
)
def test_disagreements(callback: Json, result: Json, expected: list[tuple[str, Any, Any]]) -> None:
    found = compare_facts(passing_facts(**callback), passing_facts(**result))
    assert found == tuple(Disagreement(*difference) for difference in expected)


def test_number_and_string_of_the_same_value_agree() -> None:
    as_text = put(passing_payload(), "verify_result.result_faceid.confidence", "91.327") | {
        "multifaces_tag": 0
    }
    assert compare_facts(decoded_facts(as_text), decoded_facts(passing_payload())) == ()


def test_facts_survive_being_stored() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    assert msgspec.json.decode(msgspec.json.encode(facts), type=Facts) == facts


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("NO_FACE_FOUND[image_ref1]", "NO_FACE_FOUND[image_ref1]"),
        ("IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source", "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source"),
        ("NO_SUCH_ID_NUMBER: 110101199003070010", "OTHER"),
        ("陈大文", "OTHER"),
    ],
)
def test_an_error_message_is_a_word_and_never_a_person(message: str, fact: str) -> None:
    payload = decode_payload(dump(put(passing_payload(), "verify_result.error_message", message)))
    assert extract_facts(payload).error_message == fact


def test_thresholds_of_unknown_levels_are_left_out() -> None:
    tree = put(passing_payload(), "verify_result.result_faceid.thresholds", {"1e-5": 74, "张三": 1})
    assert extract_facts(decode_payload(dump(tree))).comparisons["result_faceid"].thresholds == {"1e-5": 74}
