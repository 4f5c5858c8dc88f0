"""Reason codes: why a decision came out as it did. The codes are a contract; texts may improve."""

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Stable reason codes (docs/policy.md explains each)."""

    FACE_BELOW_THRESHOLD = "face.below_threshold"
    FACE_MISSING = "face.missing"
    FACE_LEVEL_MISSING = "face.level_missing"
    FACE_NOT_FOUND = "face.not_found"
    LIVENESS_FAILED = "liveness.failed"
    LIVENESS_MISSING = "liveness.missing"
    ATTACK_SYNTHETIC_FACE = "attack.synthetic_face"
    ATTACK_MASK = "attack.mask"
    ATTACK_SCREEN_REPLAY = "attack.screen_replay"
    ATTACK_FACE_REPLACED = "attack.face_replaced"
    ATTACK_SELFIE_INCONSISTENT = "attack.selfie_inconsistent"
    ID_NO_SUCH_NUMBER = "id.no_such_number"
    ID_NAME_MISMATCH = "id.name_mismatch"
    ID_NO_PHOTO = "id.no_photo"
    ID_ATTACKED = "id.attacked"
    VENDOR_DATA_SOURCE_ERROR = "vendor.data_source_error"
    VENDOR_INTERNAL_ERROR = "vendor.internal_error"
    VENDOR_UNKNOWN_ERROR = "vendor.unknown_error"
    WILL_FAILED = "will.failed"
    WILL_MISSING = "will.missing"
    FLOW_CANCELLED = "flow.cancelled"
    FLOW_TIMEOUT = "flow.timeout"
    FLOW_FAILED = "flow.failed"
    FLOW_WEBRTC_UNSUPPORTED = "flow.webrtc_unsupported"
    FLOW_UNKNOWN_STATUS = "flow.unknown_status"
    MULTIFACES_DETECTED = "multifaces.detected"
    CONFIRMATION_DISAGREES = "confirmation.disagrees"
    CONFIRMATION_UNAVAILABLE = "confirmation.unavailable"
    RESULT_EXPIRED = "result.expired"


class Reason(msgspec.Struct, frozen=True):
    """A code and the figures behind it (`0.88 > 0.5`); never identity."""

    code: Code
    detail: str = ""
