"""The rule about unreadable members: one that a rule reads needs review; one that no rule reads is harmless.

Which members are read depends on the policy: it does not read a member whose findings it ignores.
"""

from collections.abc import Callable, Iterator
from typing import Final

from domain.policy.facts.facts import Facts
from domain.policy.file.config import Action, PolicyConfig
from domain.policy.reasons import Code, Reason

_IsRead = Callable[[PolicyConfig], bool]


def _legality(config: PolicyConfig) -> bool:
    return config.id_card.legality != "ignore"


def _fields(config: PolicyConfig) -> bool:
    return config.id_card.logic != "ignore" or config.id_card.quality != "ignore"


def _dates(config: PolicyConfig) -> bool:
    return config.id_card.expired != "ignore"


def _fields_or_dates(config: PolicyConfig) -> bool:
    return _fields(config) or _dates(config)


def _card(config: PolicyConfig) -> bool:
    return _legality(config) or _fields(config) or _dates(config)


def _side(config: PolicyConfig) -> bool:
    return _legality(config) or _dates(config)


def _other_signs(config: PolicyConfig) -> bool:
    return config.genuineness.other != "ignore"


_READ_IF: Final[tuple[tuple[str, _IsRead], ...]] = (
    ("liveness_result.details", lambda config: bool(config.liveness.max_counts)),
    ("liveness_result.face_genuineness.other", _other_signs),
    ("verify_result.face_genuineness.other", _other_signs),
    ("face_genuineness.other", _other_signs),
    ("verify_risk_info", _other_signs),
    ("device_risk_info", _other_signs),
    ("verify_result.id_exceptions.id_attacked", lambda config: config.id_exceptions.id_attacked != "ignore"),
    (
        "verify_result.id_exceptions.id_photo_monochrome",
        lambda config: config.id_exceptions.id_photo_monochrome != "ignore",
    ),
    ("will_result", lambda config: config.will.require != "never"),
    ("multifaces_tag", lambda config: config.multifaces.detected != "ignore"),
    ("idcard_info.ocr_front_quality", _fields_or_dates),
    ("idcard_info.ocr_back_quality", _fields_or_dates),
    ("idcard_info.idcard_valid_date", _dates),
    ("idcard_info.front_side.ocr_result.valid_date", _dates),
    ("idcard_info.back_side.ocr_result.valid_date", _dates),
    ("idcard_info.front_side.ocr_result.legality", _legality),
    ("idcard_info.back_side.ocr_result.legality", _legality),
    ("idcard_info.front_side", _side),
    ("idcard_info.back_side", _side),
    ("idcard_info", _card),
)
"""Members that not every policy reads; the first entry that is or contains the member counts."""


def payload(facts: Facts, config: PolicyConfig) -> Iterator[tuple[Action, Reason]]:
    """Every member that the rules read is readable, and no known member appears twice.

    Harmless irregularities are reported as ignored. For a registered verification the policy may act on
    them, because its app has stated what it expects.
    """
    read = [name for name in facts.unreadable if _is_read(name, config)]
    passed_over = [name for name in (*facts.unreadable, *facts.irregular) if name not in read]
    if read:
        yield "review", Reason(Code.PAYLOAD_UNREADABLE, ", ".join(read))
    if passed_over:
        action: Action = "ignore" if facts.registration is None else config.payload.irregular
        yield action, Reason(Code.PAYLOAD_UNREADABLE, ", ".join(passed_over))
    yield from repeated(facts)


def is_doubtful(facts: Facts) -> bool:
    """Whether the rule has anything to report."""
    return bool(facts.unreadable or facts.repeated or facts.irregular)


def repeated(facts: Facts) -> Iterator[tuple[Action, Reason]]:
    """Members that appear twice: two parsers could read two different payloads."""
    if facts.repeated:
        yield "review", Reason(Code.PAYLOAD_REPEATED, ", ".join(facts.repeated))


def _is_read(name: str, config: PolicyConfig) -> bool:
    for member, is_read in _READ_IF:
        if name == member or name.startswith(f"{member}."):
            return is_read(config)
    return True
