"""Why a person concludes so: the codes are a contract, the texts may improve."""

from enum import StrEnum
from typing import Final

from domain.model import Outcome


class ReviewReason(StrEnum):
    """Stable codes (docs/review.md has each with its meaning)."""

    PERSON_MATCHES = "person.matches"
    PERSON_DIFFERS = "person.differs"
    DOCUMENT_GENUINE = "document.genuine"
    DOCUMENT_DOUBTFUL = "document.doubtful"
    ATTACK_CONFIRMED = "attack.confirmed"
    ATTACK_EXCLUDED = "attack.excluded"
    ORDER_CONFIRMED = "order.confirmed"
    ORDER_DIFFERS = "order.differs"
    VENDOR_AT_FAULT = "vendor.at_fault"
    EVIDENCE_INSUFFICIENT = "evidence.insufficient"
    USER_MUST_REPEAT = "user.must_repeat"
    USER_WITHDREW = "user.withdrew"
    DECISION_HOLDS = "decision.holds"
    DUPLICATE = "duplicate"
    OTHER = "other"


TEXTS: Final[dict[ReviewReason, tuple[str, str]]] = {
    ReviewReason.PERSON_MATCHES: ("The person matches the document", "本人与证件一致"),
    ReviewReason.PERSON_DIFFERS: ("The person is not the one of the document", "本人与证件不一致"),
    ReviewReason.DOCUMENT_GENUINE: ("The document is genuine", "证件真实有效"),
    ReviewReason.DOCUMENT_DOUBTFUL: ("The document is doubtful", "证件存疑"),
    ReviewReason.ATTACK_CONFIRMED: ("It is an attack", "确认为攻击"),
    ReviewReason.ATTACK_EXCLUDED: ("It is no attack", "排除攻击"),
    ReviewReason.ORDER_CONFIRMED: ("The verification belongs to the order", "核身记录与订单相符"),
    ReviewReason.ORDER_DIFFERS: ("The verification belongs to another order", "核身记录与订单不符"),
    ReviewReason.VENDOR_AT_FAULT: ("The vendor was at fault", "厂商异常所致"),
    ReviewReason.EVIDENCE_INSUFFICIENT: ("The evidence is not enough", "依据不足"),
    ReviewReason.USER_MUST_REPEAT: ("The user must start again", "需用户重新核身"),
    ReviewReason.USER_WITHDREW: ("The user withdrew", "用户已撤回"),
    ReviewReason.DECISION_HOLDS: ("The automatic decision is right", "自动判定无误"),
    ReviewReason.DUPLICATE: ("Another verification of the same order counts", "以同一订单的其他核身记录为准"),
    ReviewReason.OTHER: ("Another reason, in the note", "其他原因，见备注"),
}
"""The meaning of each code, in English and Chinese."""


def in_words(code: str) -> dict[str, str]:
    """A code with its texts, `{"code", "en", "zh"}`; one of a newer version is its own text."""
    english, chinese = TEXTS[ReviewReason(code)] if code in set(ReviewReason) else (code, code)
    return {"code": code, "en": english, "zh": chinese}


_R = ReviewReason

REASONS_FOR: Final[dict[Outcome, tuple[ReviewReason, ...]]] = {
    Outcome.APPROVED: (
        _R.PERSON_MATCHES, _R.DOCUMENT_GENUINE, _R.ATTACK_EXCLUDED, _R.ORDER_CONFIRMED, _R.VENDOR_AT_FAULT,
        _R.DECISION_HOLDS, _R.OTHER,
    ),
    Outcome.REJECTED: (
        _R.PERSON_DIFFERS, _R.DOCUMENT_DOUBTFUL, _R.ATTACK_CONFIRMED, _R.ORDER_DIFFERS,
        _R.EVIDENCE_INSUFFICIENT, _R.USER_WITHDREW, _R.DUPLICATE, _R.DECISION_HOLDS, _R.OTHER,
    ),
    Outcome.INCOMPLETE: (
        _R.USER_MUST_REPEAT, _R.EVIDENCE_INSUFFICIENT, _R.USER_WITHDREW, _R.VENDOR_AT_FAULT,
        _R.DECISION_HOLDS, _R.OTHER,
    ),
}  # fmt: skip
"""The reasons that each conclusion may have."""

REASONS_TO_CLOSE: Final = (_R.DECISION_HOLDS, _R.DUPLICATE, _R.USER_WITHDREW, _R.OTHER)
"""Why a case ends without a conclusion: the automatic decision or the earlier review stays."""
