"""Reason codes: why a decision has its outcome. The codes are a contract; the texts may improve."""

from enum import StrEnum
from typing import Final

import msgspec


class Code(StrEnum):
    """Stable reason codes (docs/policy.md explains each)."""

    FACE_BELOW_THRESHOLD = "face.below_threshold"
    FACE_MISSING = "face.missing"
    FACE_LEVEL_MISSING = "face.level_missing"
    FACE_NOT_FOUND = "face.not_found"
    LIVENESS_FAILED = "liveness.failed"
    LIVENESS_MISSING = "liveness.missing"
    LIVENESS_ATTEMPTS = "liveness.attempts"
    ATTACK_SYNTHETIC_FACE = "attack.synthetic_face"
    ATTACK_MASK = "attack.mask"
    ATTACK_SCREEN_REPLAY = "attack.screen_replay"
    ATTACK_FACE_REPLACED = "attack.face_replaced"
    ATTACK_SELFIE_INCONSISTENT = "attack.selfie_inconsistent"
    ATTACK_OTHER = "attack.other"
    ATTACK_SCORES_MISSING = "attack.scores_missing"
    ID_NO_SUCH_NUMBER = "id.no_such_number"
    ID_NAME_MISMATCH = "id.name_mismatch"
    ID_NO_PHOTO = "id.no_photo"
    ID_ATTACKED = "id.attacked"
    ID_PHOTO_MONOCHROME = "id.photo_monochrome"
    ID_LEGALITY = "id.legality"
    ID_LOGIC = "id.logic"
    ID_QUALITY = "id.quality"
    ID_EXPIRED = "id.expired"
    ID_VALIDITY_UNREADABLE = "id.validity_unreadable"
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
    VELOCITY_SAME_NUMBER_30D = "velocity.same_number_30d"
    VELOCITY_ATTEMPTS_24H = "velocity.attempts_24h"
    VELOCITY_MISSING = "velocity.missing"
    REGISTRATION_BIZ_NO_MISMATCH = "registration.biz_no_mismatch"
    PAYLOAD_UNREADABLE = "payload.unreadable"
    PAYLOAD_REPEATED = "payload.repeated"
    CONFIRMATION_DISAGREES = "confirmation.disagrees"
    CONFIRMATION_UNAVAILABLE = "confirmation.unavailable"
    RESULT_EXPIRED = "result.expired"


TEXTS: Final[dict[Code, tuple[str, str]]] = {
    Code.FACE_BELOW_THRESHOLD: ("The face score is below the required level", "人脸比对分数低于要求的阈值"),
    Code.FACE_MISSING: ("The comparison that counts is missing", "缺少所需的人脸比对结果"),
    Code.FACE_LEVEL_MISSING: (
        "The payload lacks the threshold of the required level",
        "数据中缺少所需级别的阈值",
    ),
    Code.FACE_NOT_FOUND: ("No face was found in a picture", "图片中未检测到人脸"),
    Code.LIVENESS_FAILED: ("The liveness check failed", "活体检测未通过"),
    Code.LIVENESS_MISSING: ("There is no liveness result", "缺少活体检测结果"),
    Code.LIVENESS_ATTEMPTS: ("Too many failed attempts at liveness", "活体检测失败次数过多"),
    Code.ATTACK_SYNTHETIC_FACE: ("The face looks synthetic", "疑似合成人脸攻击"),
    Code.ATTACK_MASK: ("The face looks like a mask", "疑似面具攻击"),
    Code.ATTACK_SCREEN_REPLAY: ("The face looks replayed from a screen", "疑似屏幕翻拍攻击"),
    Code.ATTACK_FACE_REPLACED: ("The face was replaced during the flow", "流程中疑似更换人脸"),
    Code.ATTACK_SELFIE_INCONSISTENT: ("The selfies do not belong together", "自拍照片不一致"),
    Code.ATTACK_OTHER: ("There are signs of another kind of attack", "疑似其他类型的攻击"),
    Code.ATTACK_SCORES_MISSING: ("There are no attack scores", "缺少防攻击分数"),
    Code.ID_NO_SUCH_NUMBER: ("The authority has no such ID number", "身份证号不存在"),
    Code.ID_NAME_MISMATCH: ("Name and ID number do not belong together", "姓名与身份证号不匹配"),
    Code.ID_NO_PHOTO: ("The authority has no usable photo", "数据源无可用照片"),
    Code.ID_ATTACKED: ("The ID number was used in an attack before", "该身份证号曾被用于攻击"),
    Code.ID_PHOTO_MONOCHROME: ("The authority's photo is black and white", "数据源照片为黑白照片"),
    Code.ID_LEGALITY: ("The card's picture is not of a genuine card", "身份证图片合法性异常"),
    Code.ID_LOGIC: ("A field of the card is illogical", "身份证字段存在逻辑错误"),
    Code.ID_QUALITY: ("A field of the card is hard to read", "身份证字段图像质量不足"),
    Code.ID_EXPIRED: ("The card was not valid on that day", "身份证不在有效期内"),
    Code.ID_VALIDITY_UNREADABLE: (
        "It is not clear whether the card was valid on that day",
        "无法确认身份证有效期",
    ),
    Code.VENDOR_DATA_SOURCE_ERROR: ("The vendor's data source is broken", "厂商数据源异常"),
    Code.VENDOR_INTERNAL_ERROR: ("The vendor had an internal fault", "厂商内部错误"),
    Code.VENDOR_UNKNOWN_ERROR: ("The vendor reports an unknown error", "厂商返回未知错误"),
    Code.WILL_FAILED: ("The declaration of intent failed", "意愿核身未通过"),
    Code.WILL_MISSING: ("There is no declaration of intent", "缺少意愿核身结果"),
    Code.FLOW_CANCELLED: ("The user cancelled", "用户取消了流程"),
    Code.FLOW_TIMEOUT: ("The flow timed out", "流程超时"),
    Code.FLOW_FAILED: ("The flow was not completed", "流程未完成"),
    Code.FLOW_WEBRTC_UNSUPPORTED: ("The browser does not support WebRTC", "浏览器不支持 WebRTC"),
    Code.FLOW_UNKNOWN_STATUS: ("The status is unknown", "未知的流程状态"),
    Code.MULTIFACES_DETECTED: ("There may be several faces", "检测到多张人脸"),
    Code.VELOCITY_SAME_NUMBER_30D: (
        "The ID number was verified too often in 30 days",
        "该身份证号 30 天内核验次数过多",
    ),
    Code.VELOCITY_ATTEMPTS_24H: (
        "The ID number was verified too often in 24 hours",
        "该身份证号 24 小时内核验次数过多",
    ),
    Code.VELOCITY_MISSING: (
        "It is not known how often the ID number was verified",
        "该身份证号的核验次数未知",
    ),
    Code.REGISTRATION_BIZ_NO_MISMATCH: (
        "The biz_no is not the one that was registered, or not the callback's",
        "业务流水号（biz_no）与登记的或回调中的不一致",
    ),
    Code.PAYLOAD_UNREADABLE: ("A part of the payload could not be understood", "数据中有无法识别的内容"),
    Code.PAYLOAD_REPEATED: ("A field of the payload appears twice", "数据中有重复的字段"),
    Code.CONFIRMATION_DISAGREES: ("Callback and result disagree", "回调与查询结果不一致"),
    Code.CONFIRMATION_UNAVAILABLE: ("The result could not be obtained", "无法获取查询结果"),
    Code.RESULT_EXPIRED: ("The vendor no longer keeps the result", "查询结果已过期"),
}
"""The meaning of each code, in English and Chinese."""


class Reason(msgspec.Struct, frozen=True):
    """A code and the figures behind it (`0.88 > 0.5`); never identity."""

    code: Code
    detail: str = ""
