"""H5 Plus says how a flow ended in a code and a message; whatever is not known approves nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plus import PlusResult, read_plus
from domain.policy import is_ended, is_open
from domain.words import Text

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
def test_what_is_unknown_or_contradicts_itself_neither_goes_on_nor_ends(code: Text, message: Text) -> None:
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
