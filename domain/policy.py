"""Decide: facts and a policy in, a decision with reasons out. Pure, total, and closed by default.

`approved` needs every proof; a definite failure is `rejected`; whatever is missing or doubtful is `review`;
a flow that did not end is `incomplete`. Note that the vendor's status OK says only that the flow ended.
"""

import math
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final

import msgspec

from domain.facts import Facts, compare_facts
from domain.model import Basis, ConfirmationMode, Outcome
from domain.reasons import Code, Reason


class Policy(msgspec.Struct, frozen=True):
    """What the default rule compares with.

    `approve_level` and `reject_below_level` name false-accept levels of the payload's own thresholds: at or
    above the first a face matches, below the second it is somebody else, between them a person looks.
    `min_confidence` (0-100) is a floor of ours, so that lowered thresholds in a payload approve nobody.
    """

    name: str = "default"
    version: str = "1"
    approve_level: str = "1e-5"
    reject_below_level: str = "1e-3"
    min_confidence: float = 60.0


DEFAULT_POLICY: Final = Policy()


class Decision(msgspec.Struct, frozen=True):
    """What we conclude, on which basis, and every reason for it."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    basis: Basis


UNCONFIRMED: Final = Reason(Code.CONFIRMATION_UNAVAILABLE)


class Weight(IntEnum):
    """How much a finding says; the heaviest finding decides."""

    REVIEW = 1
    REJECT = 2
    INCOMPLETE = 3


Finding = tuple[Weight, Reason]
Findings = Iterator[Finding]

_OUTCOMES: Final = {
    Weight.REVIEW: Outcome.REVIEW,
    Weight.REJECT: Outcome.REJECTED,
    Weight.INCOMPLETE: Outcome.INCOMPLETE,
}

_UNFINISHED: Final = {
    "CANCELLED": Code.FLOW_CANCELLED,
    "TIMEOUT": Code.FLOW_TIMEOUT,
    "FAILED": Code.FLOW_FAILED,
    "WEBRTC_UNSUPPORTED": Code.FLOW_WEBRTC_UNSUPPORTED,
}
_OPEN: Final = frozenset({"NOT_STARTED", "PROCESSING"})
_ENDED: Final = frozenset({"OK", *_UNFINISHED})

_SCORES: Final = (
    ("synthetic_face", Code.ATTACK_SYNTHETIC_FACE),
    ("mask", Code.ATTACK_MASK),
    ("screen_replay", Code.ATTACK_SCREEN_REPLAY),
)
_FLAGS: Final = (
    ("face_replaced", Code.ATTACK_FACE_REPLACED),
    ("selfie_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
    ("selfie_metadata_inconsistent", Code.ATTACK_SELFIE_INCONSISTENT),
)
_VERIFY_ERRORS: Final = (
    ("NO_SUCH_ID_NUMBER", Weight.REJECT, Code.ID_NO_SUCH_NUMBER),
    ("ID_NUMBER_NAME_NOT_MATCH", Weight.REJECT, Code.ID_NAME_MISMATCH),
    ("NO_FACE_FOUND", Weight.REJECT, Code.FACE_NOT_FOUND),
    ("IMAGE_ERROR_UNSUPPORTED_FORMAT", Weight.REVIEW, Code.ID_NO_PHOTO),
    ("DATA_SOURCE_ERROR", Weight.REVIEW, Code.VENDOR_DATA_SOURCE_ERROR),
    ("INTERNAL_ERROR", Weight.REVIEW, Code.VENDOR_INTERNAL_ERROR),
)


def is_open(status: str | None) -> bool:
    """Whether the flow still goes on: recorded, but neither pulled nor decided."""
    return status in _OPEN


def is_ended(status: str | None) -> bool:
    """Whether the flow has surely ended, so that a pull is safe.

    A missing or unknown status is neither open nor ended: it is decided (as `review`) without a pull.
    """
    return status in _ENDED


def decide(
    callback: Facts,
    result: Facts | None,
    *,
    mode: ConfirmationMode,
    policy: Policy = DEFAULT_POLICY,
    unconfirmed: Reason = UNCONFIRMED,
) -> Decision:
    """The decision on a callback, its result and a policy.

    Without a result (`unconfirmed` says why there is none) a required confirmation turns approval and
    rejection into `review`; an unfinished flow stays `incomplete`, which passes nobody.
    """
    said = judge(callback, policy)
    if result is not None:
        return _confirmed(callback, result, said, policy)
    outcome, reasons = said
    if mode is not ConfirmationMode.REQUIRED:
        return Decision(outcome, reasons, Basis.CALLBACK)
    if outcome is not Outcome.INCOMPLETE:
        outcome = Outcome.REVIEW
    if is_ended(callback.status):
        reasons = (*reasons, unconfirmed)
    return Decision(outcome, reasons, Basis.CALLBACK)


def _confirmed(
    callback: Facts, result: Facts, said: tuple[Outcome, tuple[Reason, ...]], policy: Policy
) -> Decision:
    outcome, reasons = judge(result, policy)
    differing = [item.fact for item in compare_facts(callback, result)]
    if said[0] is not outcome:
        differing.append("outcome")
    if not differing:
        return Decision(outcome, reasons, Basis.CONFIRMED)
    disagrees = Reason(Code.CONFIRMATION_DISAGREES, ", ".join(differing))
    return Decision(Outcome.REVIEW, (disagrees, *reasons), Basis.RESULT)


def judge(facts: Facts, policy: Policy = DEFAULT_POLICY) -> tuple[Outcome, tuple[Reason, ...]]:
    """The outcome that `facts` alone have under `policy`, with every reason, heaviest first."""
    if facts.status in _UNFINISHED:
        return Outcome.INCOMPLETE, (Reason(_UNFINISHED[facts.status]),)
    findings = [finding for rule in RULES for finding in rule(facts, policy)]
    if not findings:
        return Outcome.APPROVED, ()
    findings.sort(key=lambda finding: -finding[0])
    return _OUTCOMES[findings[0][0]], tuple(reason for _, reason in findings)


def _status(facts: Facts, _policy: Policy) -> Findings:
    if facts.status != "OK":
        yield Weight.REVIEW, Reason(Code.FLOW_UNKNOWN_STATUS, facts.status or "no status")


def _attack_scores(facts: Facts, _policy: Policy) -> Findings:
    """A score equal to its threshold is no attack; half a pair, or a figure out of range, is doubt."""
    for name, code in _SCORES:
        confidence = facts.genuineness.get(f"{name}_confidence")
        threshold = facts.genuineness.get(f"{name}_threshold")
        if confidence is None and threshold is None:
            continue
        if confidence is None or threshold is None:
            yield Weight.REVIEW, Reason(code, "score or threshold missing")
        elif not (0 <= confidence <= 1 and 0 <= threshold <= 1):
            yield (
                Weight.REVIEW,
                Reason(code, f"{confidence:g} and {threshold:g} are not both between 0 and 1"),
            )
        elif confidence > threshold:
            yield Weight.REJECT, Reason(code, f"{confidence:g} > {threshold:g}")


def _attack_flags(facts: Facts, _policy: Policy) -> Findings:
    for name, code in _FLAGS:
        flag = facts.genuineness.get(name, 0)
        if flag != 0:
            yield Weight.REJECT, Reason(code, f"{name} = {flag:g}")


def _liveness(facts: Facts, _policy: Policy) -> Findings:
    if facts.liveness == "FAIL":
        yield Weight.REJECT, Reason(Code.LIVENESS_FAILED)
    elif facts.liveness != "PASS":
        yield Weight.REVIEW, Reason(Code.LIVENESS_MISSING, "unknown value" if facts.liveness else "")


def _verify_error(facts: Facts, _policy: Policy) -> Findings:
    message = facts.error_message
    if message is None:
        return
    for prefix, weight, code in _VERIFY_ERRORS:
        if message.startswith(prefix):
            yield weight, Reason(code, message)
            return
    yield Weight.REVIEW, Reason(Code.VENDOR_UNKNOWN_ERROR, message)


def _face(facts: Facts, policy: Policy) -> Findings:
    """result_faceid counts; without it, the one comparison that was made."""
    made = facts.comparisons
    name = "result_faceid" if "result_faceid" in made else next(iter(made), None)
    if name is None or (name != "result_faceid" and len(made) > 1):
        yield Weight.REVIEW, Reason(Code.FACE_MISSING, "several comparisons" if made else "")
        return
    confidence, thresholds = made[name].confidence, made[name].thresholds
    approve, reject_below = thresholds.get(policy.approve_level), thresholds.get(policy.reject_below_level)
    if not _is_score(confidence):
        yield Weight.REVIEW, Reason(Code.FACE_MISSING, f"{name}: confidence {confidence:g} is no score")
    elif reject_below is not None and _is_score(reject_below) and confidence < reject_below:
        yield (
            Weight.REJECT,
            Reason(
                Code.FACE_BELOW_THRESHOLD, f"{confidence:g} < {reject_below:g} ({policy.reject_below_level})"
            ),
        )
    elif approve is None or not _is_score(approve):
        yield Weight.REVIEW, Reason(Code.FACE_LEVEL_MISSING, f"{name}: no {policy.approve_level}")
    elif confidence < approve:
        detail = f"{confidence:g} < {approve:g} ({policy.approve_level})"
        yield Weight.REVIEW, Reason(Code.FACE_BELOW_THRESHOLD, detail)
    elif confidence < policy.min_confidence:
        detail = f"{confidence:g} < {policy.min_confidence:g} (min_confidence)"
        yield Weight.REVIEW, Reason(Code.FACE_BELOW_THRESHOLD, detail)


def _id_attacked(facts: Facts, _policy: Policy) -> Findings:
    if facts.id_attacked not in {None, 0}:
        yield Weight.REVIEW, Reason(Code.ID_ATTACKED, "the number was used in an attack before")


def _will(facts: Facts, _policy: Policy) -> Findings:
    if facts.will == "FAIL":
        yield Weight.REJECT, Reason(Code.WILL_FAILED)
    elif facts.will == "OTHER" or (facts.will is None and facts.procedure_type == "will"):
        yield Weight.REVIEW, Reason(Code.WILL_MISSING, "unknown value" if facts.will else "")


def _multifaces(facts: Facts, _policy: Policy) -> Findings:
    if facts.multifaces_tag not in {None, "0"}:
        yield Weight.REVIEW, Reason(Code.MULTIFACES_DETECTED, f"tag {facts.multifaces_tag}")


def _is_score(value: float) -> bool:
    return math.isfinite(value) and 0 <= value <= 100


Rule = Callable[[Facts, Policy], Findings]
RULES: Final[tuple[Rule, ...]] = (
    _status,
    _attack_scores,
    _attack_flags,
    _liveness,
    _verify_error,
    _face,
    _id_attacked,
    _will,
    _multifaces,
)
"""Every rule runs on every decision, in this order; reasons of one weight keep it."""
