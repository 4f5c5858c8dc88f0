"""H5 Plus: translate its `result_code` and `result_message` to the fields of H5.

Plus sends no `status`. One code contains both the end of the flow and its result. The vendor publishes no
table for H5 Plus; this one comes from its other products with the same two fields (FaceID SDK, verify
3.0.0) and from integrators' code. An unknown code ends nothing and approves nothing.
"""

from typing import Final, Literal

import msgspec

from domain.callback.words import OTHER, Text, as_text

SUCCESS: Final = "SUCCESS"

_FLOW: Final = frozenset({"NOT_STARTED", "PROCESSING", "FAILED", "CANCELLED", "TIMEOUT"})
_NOT_COMPLETED: Final = {"USER_CANCELLATION": "CANCELLED", "USER_TIMEOUT": "TIMEOUT"}
_ENDED_WITH_ERROR: Final = frozenset({"2000", "3000", "3100", "9000"})
_IN_H5: Final = {
    "NO_ID_CARD_NUMBER": "NO_SUCH_ID_NUMBER",
    "NO_ID_PHOTO": "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source",
    "PHOTO_FORMAT_ERROR": "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source",
    "NO_FACE_FOUND": "NO_FACE_FOUND: data_source",
}
"""The messages of series 3000 (the authority's data) as H5's `error_message`."""


class PlusResult(msgspec.Struct, frozen=True):
    """The `status`, `liveness_result.result` and `verify_result.error_message` that H5 would send.

    `status` is OTHER if code and message are unknown or contradict each other.
    """

    status: str
    liveness: Literal["FAIL"] | None = None
    error_message: str | None = None


def read_plus(code: Text, message: Text) -> PlusResult | None:
    """The result for a code (1000, "1000") and its message; None if the payload has neither."""
    if as_text(code) is None and as_text(message) is None:
        return None
    number, text = str(code or "").strip(), str(message or "").strip()
    if number in _ENDED_WITH_ERROR:
        found = PlusResult("OK", error_message=_IN_H5.get(text, text))
        return PlusResult(OTHER) if text in {SUCCESS, "", *_FLOW} else found
    return _read_end(number, text) or PlusResult(OTHER)


def _read_end(number: str, text: str) -> PlusResult | None:
    match number:
        case "1000" if text in {SUCCESS, ""}:
            return PlusResult("OK")
        case "4000" | "4100":
            return PlusResult("OK", liveness="FAIL")
        case "4200":
            return PlusResult(_NOT_COMPLETED.get(text, "FAILED"))
        case "6000" | "" if text in _FLOW:
            return PlusResult(text)
        case "6100":
            return PlusResult("WEBRTC_UNSUPPORTED")
        case _:
            return None
