"""The payloads: one small builder per ending, with keys and order as in the vendor's example.

A builder returns the blocks after `status` and `biz_info`; protocol.md, section 3, explains them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulator.scenarios.identity import Identity, idcard_info

Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a payload: the person, and the time of the comparison (unix seconds)."""

    identity: Identity
    verified_at: int


Builder = Callable[[Subject], Payload]

THRESHOLDS: Final = {"1e-3": 64, "1e-4": 69, "1e-5": 74, "1e-6": 79.9}
SAME_PERSON: Final = 91.327
OTHER_PERSON: Final = 41.206
_DETAILS: Final = {
    "UPLOAD_TIMES": 1,
    "FACE_NOT_FOUND": 0,
    "LOW_FACE_QUALITY": 0,
    "INVALID_VIDEO_DURATION": 0,
    "SR_ERROR": 0,
    "NOT_SYNCHRONIZED": 0,
    "VIDEO_FORMAT_UNSUPPORTED": 0,
    "NO_AUDIO": 0,
}


def passed(subject: Subject) -> Payload:
    """The right person passes every check."""
    return _finished(subject, _liveness(), _compared(subject, SAME_PERSON))


def face_mismatch(subject: Subject) -> Payload:
    """Another person: the live face is below every threshold."""
    return _finished(subject, _liveness(), _compared(subject, OTHER_PERSON))


def attacked(subject: Subject) -> Payload:
    """A synthetic face with `result` PASS: with fmp_mode 1 the vendor leaves the comparison to us."""
    return _finished(subject, _liveness(synthetic=0.88), _compared(subject, SAME_PERSON))


def will_failed(subject: Subject) -> Payload:
    """The right person without the required declaration."""
    blocks = _finished(subject, _liveness(procedure="will"), _compared(subject, SAME_PERSON))
    return blocks | {"will_result": [{"will_error_message": "ACTION_FAIL", "result": "FAIL"}]}


def name_mismatch(subject: Subject) -> Payload:
    """The authority has another name for the number, so there are no comparisons."""
    verify = {"verify_time": subject.verified_at, "error_message": "ID_NUMBER_NAME_NOT_MATCH"}
    return _finished(subject, _liveness(), verify)


def broken_off(_subject: Subject) -> Payload:
    """Cancelled or timed out: the vendor sends none of the blocks."""
    return {}


def _finished(subject: Subject, liveness: Payload, verify: Payload) -> Payload:
    return {
        "idcard_info": idcard_info(subject.identity),
        "liveness_result": liveness,
        "verify_result": verify,
        "multifaces_tag": "0",
    }


def _liveness(*, procedure: str = "video", synthetic: float = 0.012) -> Payload:
    return {
        "result": "PASS",
        "procedure_type": procedure,
        "details": _DETAILS,
        "face_genuineness": {
            "synthetic_face_confidence": synthetic,
            "synthetic_face_threshold": 0.5,
            "mask_confidence": 0.032,
            "mask_threshold": 0.5,
            "screen_replay_confidence": 0,
            "screen_replay_threshold": 0.5,
        },
    }


def _compared(subject: Subject, live_face: float) -> Payload:
    """`live_face` is the confidence of every comparison with the live face, 0-100."""
    return {
        "verify_time": subject.verified_at,
        "result_faceid": _comparison(live_face),
        "result_ref1": _comparison(live_face),
        "result_idcard_photo": _comparison(live_face),
        "result_idcard_datasource": _comparison(SAME_PERSON),
        "id_exceptions": {"id_attacked": 0, "id_photo_monochrome": 0},
    }


def _comparison(confidence: float) -> Payload:
    return {"confidence": confidence, "thresholds": THRESHOLDS}
