"""When an irregular payload needs review: members that the policy reads, registered verifications, repeated
members.
"""

import json
from typing import Any

import msgspec
import pytest

from domain.callback.payload import decode_payload
from domain.policy.decide import judge
from domain.policy.facts.facts import extract_facts
from domain.policy.reasons import Code
from tests.support.payloads.callbacks import (
    Json,
    changed,
    decoded_facts,
    default_policy,
    dump,
    judged,
    passing_payload,
    policy_with,
)
from tests.support.payloads.odd_places import (
    APPROVED,
    CARD,
    FACE,
    LIVENESS,
    MONOCHROME,
    REJECTED,
    REPEATED,
    REVIEW,
    SCORES,
    UNREADABLE,
)

IRREGULAR: list[tuple[str, Any]] = [
    ("biz_info.biz_extra_data", {"a": [1]}),
    ("biz_info.biz_extra_data", True),
    ("fail_reason", ["NETWORK_ERROR"]),
    ("fail_reason", {}),
    ("will_result.0.will_error_message", {"a": 1}),
    ("verify_result.verify_time", ""),
    ("verify_result.verify_time", "yesterday"),
    ("verify_result.result_ref1", ""),
    ("verify_result.result_ref1", []),
    (f"{CARD}.idcard_name", {}),
    (f"{CARD}.idcard_name", ["张三"]),
    (CARD, []),
    (CARD, ""),
    (f"{LIVENESS}.details", []),
    (f"{LIVENESS}.details", "text"),
    (f"{LIVENESS}.details", {"UPLOAD_TIMES": 1.5}),
    (MONOCHROME, "unknown"),
    (MONOCHROME, []),
    ("note", "\0"),
    ("note", "\ud83d"),
    ("verify_result", json.dumps(passing_payload()["verify_result"])),
]


@pytest.mark.parametrize(("path", "value"), IRREGULAR)
def test_a_registered_verification_must_have_the_documented_form(path: str, value: Any) -> None:
    facts = decoded_facts(changed(path, value))
    assert judged(facts) == (APPROVED, [])
    registered = msgspec.structs.replace(facts, registration="match")
    judgement = judge(registered, default_policy())
    assert judgement.outcome is REVIEW
    [reason] = judgement.reasons
    assert reason.code is Code.PAYLOAD_UNREADABLE
    assert reason.detail.startswith("characters" if path == "note" else path.replace(".0", ""))


def test_a_policy_may_let_the_irregular_pass() -> None:
    facts = decoded_facts(changed("biz_info.biz_extra_data", {"a": 1}))
    registered = msgspec.structs.replace(facts, registration="match")
    assert judged(registered, policy_with(payload={"irregular": "ignore"})) == (APPROVED, [])
    assert judged(registered, policy_with(payload={"irregular": "reject"})) == (REJECTED, [UNREADABLE])


REGULAR: list[tuple[str, Any]] = [
    ("biz_info.biz_extra_data", None),
    ("fail_reason", ""),
    ("fail_reason", 0),
    ("verify_result.verify_time", "1462259763"),
    ("verify_result.result_ref1", None),
    ("verify_result.result_ref1", {}),
    (CARD, None),
    (f"{FACE}.confidence", "91.327"),
    (f"{SCORES}.face_replaced", False),
    ("multifaces_tag", 0.0),
    ("note", "\\u0000 😀"),
    ("new", {"any": [1, "thing"]}),
]


@pytest.mark.parametrize(("path", "value"), REGULAR)
def test_payloads_known_from_the_vendor_are_regular(path: str, value: Any) -> None:
    facts = decoded_facts(changed(path, value))
    assert facts.irregular == ()
    assert judged(msgspec.structs.replace(facts, registration="match")) == (APPROVED, [])


@pytest.mark.parametrize(
    ("member", "value", "name"),
    [
        ('"status": ', '"FAILED"', "status"),
        ('"status": ', '"OK"', "status"),
        ('"biz_id": ', '"1467967672,a9e208ad-16c7-4f69-b47d-420f8d3209bb"', "biz_info.biz_id"),
        ('"liveness_result": ', '{"result": "FAIL"}', "liveness_result"),
        ('"procedure_type": ', '"video"', "liveness_result.procedure_type"),
        ('"mask_confidence": ', "0.99", SCORES),
        ('"result_faceid": ', "{}", FACE),
        ('"confidence": ', "1", f"{FACE}.confidence"),
        ('"1e-5": ', "99", f"{FACE}.thresholds"),
        ('"1e-5": 74.0, "1E-5": ', "99", f"{FACE}.thresholds"),
        ('"id_attacked": ', "1", "verify_result.id_exceptions.id_attacked"),
        ('"will_result": ', "[]", "will_result"),
        ('"multifaces_tag": ', '"1"', "multifaces_tag"),
        ('"multifaces_tag": "0", "multifaces_tag ": ', '"1"', "multifaces_tag"),
        ('"multifaces_tag": ', '"\\u003a:"', "multifaces_tag"),
    ],
)
def test_a_known_member_that_appears_twice_causes_doubt(member: str, value: str, name: str) -> None:
    first = member.split(" ", 1)[0] + " "
    data = dump(passing_payload()).replace(
        first.encode(), member.encode() + value.encode() + b", " + first.encode()
    )
    facts = extract_facts(decode_payload(data))
    outcome, codes = judged(facts)
    assert (outcome, REPEATED in codes) == (REVIEW, True)
    assert facts.repeated == (name,)


def test_a_repeated_status_causes_doubt_in_either_order() -> None:
    data = dump(passing_payload()).replace(b'"status": "OK"', b'"status": "OK", "status": "CANCELLED"')
    assert judged(extract_facts(decode_payload(data))) == (REVIEW, [REPEATED, "flow.cancelled"])


def test_an_unknown_member_that_appears_twice_is_ignored() -> None:
    data = dump(passing_payload())[:-1] + b', "request_id": 1, "request_id": 2}'
    assert judged(extract_facts(decode_payload(data))) == (APPROVED, [])


@pytest.mark.parametrize(
    ("path", "value", "tables"),
    [
        (f"{LIVENESS}.details", {"UPLOAD_TIMES": "many"}, {"liveness": {"max_counts": {"UPLOAD_TIMES": 5}}}),
        (f"{LIVENESS}.details", "text", {"liveness": {"max_counts": {"UPLOAD_TIMES": 5}}}),
        (
            "verify_result.id_exceptions.id_photo_monochrome",
            "x",
            {"id_exceptions": {"id_photo_monochrome": "review"}},
        ),
        (f"{CARD}.idcard_valid_date", ["x"], {"id_card": {"expired": "reject"}}),
        (f"{CARD}.front_side.ocr_result.legality", [1], {"id_card": {"legality": "review"}}),
        (f"{CARD}.front_side.ocr_result.legality.Screen", "x", {"id_card": {"legality": "reject"}}),
        (f"{CARD}.front_side", "x", {"id_card": {"legality": "reject"}}),
        (f"{CARD}.ocr_back_quality", {"a": 1}, {"id_card": {"quality": "review"}}),
        (f"{CARD}.ocr_back_quality", {"a": {"logic": "x"}}, {"id_card": {"logic": "review"}}),
        (CARD, "x", {"id_card": {"expired": "review"}}),
    ],
)
def test_a_policy_that_reads_more_doubts_more(path: str, value: Any, tables: dict[str, Json]) -> None:
    facts = decoded_facts(changed(path, value))
    assert judged(facts) == (APPROVED, [])
    outcome, codes = judged(facts, policy_with(**tables))
    assert (outcome, UNREADABLE in codes) == (REVIEW, True)


@pytest.mark.parametrize(
    ("path", "value", "tables"),
    [
        ("will_result", "x", {"will": {"require": "never"}}),
        ("multifaces_tag", ["x"], {"multifaces": {"detected": "ignore"}}),
        ("verify_result.id_exceptions.id_attacked", "x", {"id_exceptions": {"id_attacked": "ignore"}}),
    ],
)
def test_a_policy_that_reads_less_doubts_less(path: str, value: Any, tables: dict[str, Json]) -> None:
    facts = decoded_facts(changed(path, value))
    assert judged(facts)[0] is REVIEW
    assert judged(facts, policy_with(**tables)) == (APPROVED, [])
