"""All scenarios in one table: the messages, their signatures, and the answer of get_result."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final, Literal

from simulator.scenarios import payloads
from simulator.scenarios.payloads import Builder

Status = Literal["NOT_STARTED", "PROCESSING", "OK", "CANCELLED", "TIMEOUT"]


class Scenario(StrEnum):
    PASS = "pass"  # noqa: S105 - a scenario, not a password
    FACE_MISMATCH = "face_mismatch"
    ATTACK = "attack"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    WILL_FAIL = "will_fail"
    NAME_MISMATCH = "name_mismatch"
    TAMPERED = "tampered"
    RESULT_LOST = "result_lost"
    SILENT = "silent"
    FORGED = "forged"
    EXTENDED = "extended"


class Signing(Enum):
    """Who signs: the vendor, an attacker without the secret, or an attacker who extends a real signature."""

    GENUINE = auto()
    FORGED = auto()
    EXTENDED = auto()


@dataclass(frozen=True, slots=True)
class Script:
    """One scenario. `result` None: get_result answers RESULT_NOT_FOUND. `notifies` False: notify is not
    called.
    """

    zh: str
    en: str
    callback: Builder
    result: Builder | None
    status: Status = "OK"
    signing: Signing = Signing.GENUINE
    notifies: bool = True


def _agreed(zh: str, en: str, builder: Builder, status: Status = "OK") -> Script:
    """Callback and result agree, as in an honest run."""
    return Script(zh, en, builder, builder, status)


SCRIPTS: Final[dict[Scenario, Script]] = {
    Scenario.PASS: _agreed("核身通过", "The right person", payloads.passed),
    Scenario.FACE_MISMATCH: _agreed("不是本人", "Another face", payloads.face_mismatch),
    Scenario.ATTACK: _agreed("合成脸攻击", "Synthetic face", payloads.attacked),
    Scenario.CANCELLED: _agreed("用户取消", "User cancels", payloads.broken_off, "CANCELLED"),
    Scenario.TIMEOUT: _agreed("流程超时", "Flow times out", payloads.broken_off, "TIMEOUT"),
    Scenario.WILL_FAIL: _agreed("意愿核身未通过", "Declaration fails", payloads.will_failed),
    Scenario.NAME_MISMATCH: _agreed("姓名与身份证号不符", "Name differs", payloads.name_mismatch),
    Scenario.TAMPERED: Script(
        "回调与结果不一致", "Callback passes, result fails", payloads.passed, payloads.face_mismatch
    ),
    Scenario.RESULT_LOST: Script("结果查不到", "Result not found", payloads.passed, None),
    Scenario.SILENT: Script("不发通知", "No notify", payloads.passed, payloads.passed, notifies=False),
    Scenario.FORGED: Script(
        "伪造签名", "Forged sign", payloads.passed, payloads.passed, signing=Signing.FORGED
    ),
    Scenario.EXTENDED: Script(
        "长度扩展攻击", "Length extension", payloads.passed, payloads.passed, signing=Signing.EXTENDED
    ),
}
