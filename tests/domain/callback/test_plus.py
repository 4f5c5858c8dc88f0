"""H5 Plus reports the end of a flow as a code and a message; an unknown one is never approved."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.callback.plus import PlusResult, read_plus
from domain.callback.words import Text, is_ended, is_open
from domain.model import Outcome
from tests.support.payloads.callbacks import Json, decoded_facts, judged, passing_payload, policy_with

NO_PHOTO = "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source"


@pytest.mark.parametrize(
    ("code", "message", "result"),
    [
        (1000, "SUCCESS", PlusResult("OK")),
        ("1000", "SUCCESS", PlusResult("OK")),
        ("1000", None, PlusResult("OK")),
        (2000, "PASS_LIVING_NOT_THE_SAME", PlusResult("OK", error_message="PASS_LIVING_NOT_THE_SAME")),
        (3000, "NO_ID_CARD_NUMBER", PlusResult("OK", error_message="NO_SUCH_ID_NUMBER")),
        (3000, "ID_NUMBER_NAME_NOT_MATCH", PlusResult("OK", error_message="ID_NUMBER_NAME_NOT_MATCH")),
        (3000, "NO_FACE_FOUND", PlusResult("OK", error_message="NO_FACE_FOUND: data_source")),
        (3000, "NO_ID_PHOTO", PlusResult("OK", error_message=NO_PHOTO)),
        (3000, "PHOTO_FORMAT_ERROR", PlusResult("OK", error_message=NO_PHOTO)),
        (3100, "DATA_SOURCE_ERROR", PlusResult("OK", error_message="DATA_SOURCE_ERROR")),
        (9000, "INTERNAL_ERROR", PlusResult("OK", error_message="INTERNAL_ERROR")),
        (4000, "FAIL_LIVING_FACE_ATTACK", PlusResult("OK", liveness="FAIL")),
        (4100, "VIDEO_LACK_FRAMES", PlusResult("OK", liveness="FAIL")),
        (4200, "USER_CANCELLATION", PlusResult("CANCELLED")),
        (4200, "USER_TIMEOUT", PlusResult("TIMEOUT")),
        (4200, "ACTION_ERROR", PlusResult("FAILED")),
        (6000, "NOT_STARTED", PlusResult("NOT_STARTED")),
        (6000, "PROCESSING", PlusResult("PROCESSING")),
        (6000, "FAILED", PlusResult("FAILED")),
        (6000, "CANCELLED", PlusResult("CANCELLED")),
        (6000, "TIMEOUT", PlusResult("TIMEOUT")),
        (6100, "PERMISSIONS_ERROR", PlusResult("WEBRTC_UNSUPPORTED")),
        (None, "PROCESSING", PlusResult("PROCESSING")),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_codes(code: Text, message: Text, result: PlusResult | None) -> None:
    assert read_plus(code, message) == result


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (1000, "PROCESSING"),
        (1000, "PASS_LIVING_NOT_THE_SAME"),
        (1000.5, "SUCCESS"),
        ("01000", "SUCCESS"),
        (2000, "SUCCESS"),
        (2000, None),
        (6000, "SUCCESS"),
        (6000, "OK"),
        (6000, None),
        (5000, "SUCCESS"),
        (0, "SUCCESS"),
        (None, "SUCCESS"),
        (None, "OK"),
        (True, "SUCCESS"),
    ],
)
def test_unknown_or_contradictory_codes_neither_run_nor_end(code: Text, message: Text) -> None:
    result = read_plus(code, message)
    assert result == PlusResult("OTHER")
    assert not is_open(result.status)
    assert not is_ended(result.status)


texts = (
    st.none() | st.integers() | st.floats() | st.text() | st.sampled_from(["SUCCESS", "1000", "PROCESSING"])
)


@given(code=texts | st.sampled_from([1000, 2000, 3000, 4100, 6000]), message=texts)
def test_only_1000_is_a_pass(code: Text, message: Text) -> None:
    result = read_plus(code, message)
    if result == PlusResult("OK"):
        assert str(code).strip() == "1000"
        assert str(message or "SUCCESS").strip() == "SUCCESS"


def _plus_payload(**more: Any) -> Json:
    """A payload of H5 Plus with every proof."""
    tree = passing_payload()
    del tree["status"]
    return tree | {"result_code": "1000", "result_message": "SUCCESS", "video": "", "images": {}} | more


def _outcome(tree: Json) -> tuple[Outcome, list[str]]:
    return judged(decoded_facts(tree))


def test_a_payload_with_every_proof_is_approved() -> None:
    assert _outcome(_plus_payload(verify_risk_info={}, device_risk_info=None)) == (Outcome.APPROVED, [])


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        (
            {"result_code": 2000, "result_message": "PASS_LIVING_NOT_THE_SAME"},
            "review",
            "vendor.unknown_error",
        ),
        ({"result_code": 3000, "result_message": "NO_ID_CARD_NUMBER"}, "rejected", "id.no_such_number"),
        ({"result_code": 3000, "result_message": "NO_FACE_FOUND"}, "review", "id.no_photo"),
        ({"result_code": 4000, "result_message": "FAIL_LIVING_FACE_ATTACK"}, "rejected", "liveness.failed"),
        ({"result_code": 4200, "result_message": "USER_CANCELLATION"}, "incomplete", "flow.cancelled"),
        ({"result_code": 6000, "result_message": "TIMEOUT"}, "incomplete", "flow.timeout"),
        ({"result_code": 7000, "result_message": "SUCCESS"}, "review", "flow.unknown_status"),
        ({"result_code": {"a": 1}}, "review", "payload.unreadable"),
        ({"liveness_result": {}}, "review", "liveness.missing"),
        ({"verify_result": {}}, "review", "face.missing"),
    ],
)
def test_missing_or_failed_evidence_is_never_approved(changes: Json, outcome: str, code: str) -> None:
    found, codes = _outcome(_plus_payload(**changes))
    assert found == outcome
    assert code in codes


@pytest.mark.parametrize("block", ["verify_risk_info", "device_risk_info"])
@pytest.mark.parametrize(
    "risks", [{"risk_level": 2}, {"injected": True}, {"rooted": "yes"}, {"a": {"b": 1}}, "high", [1], 3]
)
def test_a_risk_that_is_not_zero_is_for_a_person(block: str, risks: Any) -> None:
    facts = decoded_facts(_plus_payload(**{block: risks}))
    assert judged(facts)[0] is Outcome.REVIEW
    assert judged(facts, policy_with(genuineness={"other": "ignore"})) == (Outcome.APPROVED, [])


@pytest.mark.parametrize("risks", [{}, None, [], "", {"risk_level": 0}, {"injected": False, "a": ""}])
def test_no_risk_is_none(risks: Any) -> None:
    assert _outcome(_plus_payload(device_risk_info=risks)) == (Outcome.APPROVED, [])
    assert _outcome(passing_payload() | {"device_risk_info": risks}) == (Outcome.APPROVED, [])
