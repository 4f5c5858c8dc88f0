"""Decide by facts and a policy, with reasons. Pure, total, and closed by default.

`approved` needs every proof; a definite failure is `rejected`; missing or doubtful evidence is `review`; an
unfinished flow is `incomplete`, or `review` if it belongs to another order. The vendor's status OK means
only that the flow ended.
"""

from typing import Final

import msgspec

from domain.callback.words import is_ended
from domain.model import Agreement, Basis, ConfirmationMode, Outcome
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import UNREAD_RESULT, Disagreement, Facts, compare_facts
from domain.policy.file.config import DoubtAction
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from domain.policy.rules.attack import genuineness
from domain.policy.rules.doubt import repeated
from domain.policy.rules.findings import Finding
from domain.policy.rules.rules import EVERY_RULE, RuleRun, registration, run_rules

UNCONFIRMED: Final = Reason(Code.CONFIRMATION_UNAVAILABLE)

_UNFINISHED: Final = {
    "CANCELLED": Code.FLOW_CANCELLED,
    "TIMEOUT": Code.FLOW_TIMEOUT,
    "FAILED": Code.FLOW_FAILED,
    "WEBRTC_UNSUPPORTED": Code.FLOW_WEBRTC_UNSUPPORTED,
}
_OUTCOME_OF: Final = {"review": Outcome.REVIEW, "reject": Outcome.REJECTED}


class Judgement(msgspec.Struct, frozen=True):
    """The judgement on one payload's facts: outcome, reasons (heaviest first), every rule's run."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    rules: tuple[RuleRun, ...]


class Decision(msgspec.Struct, frozen=True):
    """An outcome with its basis and every reason.

    `rules`: every rule that ran, on the result's facts if there are any. `disagreements`: the facts on which
    callback and result differ, with both values.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    basis: Basis
    rules: tuple[RuleRun, ...]
    disagreements: tuple[Disagreement, ...] = ()

    @property
    def agreement(self) -> Agreement:
        """Whether callback and result agree."""
        return agreement_of(
            self.basis, with_callback=self.basis is not Basis.RESULT or bool(self.disagreements)
        )


def agreement_of(basis: Basis, *, with_callback: bool) -> Agreement:
    """The agreement of callback and result in a decision on this basis, with or without a callback."""
    if basis is Basis.CONFIRMED:
        return Agreement.AGREE
    if basis is Basis.CALLBACK:
        return Agreement.UNCONFIRMED
    return Agreement.DISAGREE if with_callback else Agreement.RESULT_ONLY


def decide(evidence: Evidence, *, policy: Policy, mode: ConfirmationMode | None = None) -> Decision:
    """Decide on this evidence by a policy.

    `mode` overrides the policy's own confirmation mode. Without a result, a required confirmation turns
    approval and rejection into the policy's action for it; an unfinished flow stays `incomplete`, which
    passes nobody. Proof that belongs only to another order always means review, whatever the policy. A
    result without a callback confirms itself in every mode, since we pulled it from the vendor.
    """
    callback, result = evidence.callback, evidence.result
    if callback is None:
        # Evidence always has one of the two.
        return _on_result_alone(result or UNREAD_RESULT, policy)
    if result is not None:
        return _on_both(callback, result, policy)
    mode = mode or policy.config.confirmation.mode
    return _on_callback(callback, policy, mode=mode, unconfirmed=evidence.unconfirmed or UNCONFIRMED)


def _on_callback(callback: Facts, policy: Policy, *, mode: ConfirmationMode, unconfirmed: Reason) -> Decision:
    judgement = judge(callback, policy)
    if mode is not ConfirmationMode.REQUIRED:
        return Decision(judgement.outcome, judgement.reasons, Basis.CALLBACK, judgement.rules)
    action = _tempered(policy.config.confirmation.unavailable, (callback, judgement))
    outcome = judgement.outcome if judgement.outcome is Outcome.INCOMPLETE else _OUTCOME_OF[action]
    why = (unconfirmed,) if is_ended(callback.status) else ()
    rules = (*judgement.rules, RuleRun("confirmation", action, why))
    return Decision(outcome, (*judgement.reasons, *why), Basis.CALLBACK, rules)


def _on_result_alone(result: Facts, policy: Policy) -> Decision:
    alone = judge(result, policy)
    return Decision(alone.outcome, alone.reasons, Basis.RESULT, alone.rules)


def _on_both(callback: Facts, result: Facts, policy: Policy) -> Decision:
    judgement = judge(callback, policy)
    result = _with_registration(callback, result)
    if result == callback:
        return Decision(judgement.outcome, judgement.reasons, Basis.CONFIRMED, judgement.rules)
    confirmed = judge(result, policy)
    differing = compare_facts(callback, result)
    if judgement.outcome is not confirmed.outcome:
        differing = (*differing, Disagreement("outcome", judgement.outcome.value, confirmed.outcome.value))
    if not differing:
        return Decision(confirmed.outcome, confirmed.reasons, Basis.CONFIRMED, confirmed.rules)
    action = _tempered(policy.config.confirmation.disagreement, (callback, judgement), (result, confirmed))
    reason = Reason(Code.CONFIRMATION_DISAGREES, ", ".join(item.fact for item in differing))
    doubts = tuple(each for each in _doubts(judgement) if each not in confirmed.reasons)
    rules = (*confirmed.rules, RuleRun("confirmation", action, (reason, *doubts)))
    return Decision(
        _OUTCOME_OF[action], (reason, *doubts, *confirmed.reasons), Basis.RESULT, rules, differing
    )


def _doubts(judgement: Judgement) -> tuple[Reason, ...]:
    """The reasons about unreadable parts of a callback, which a disagreement names too."""
    return tuple(each for each in judgement.reasons if each.code in _DOUBTS)


_DOUBTS: Final = frozenset({Code.PAYLOAD_UNREADABLE, Code.PAYLOAD_REPEATED})


def _tempered(action: DoubtAction, *judged: tuple[Facts, Judgement]) -> DoubtAction:
    """The policy's action for a missing or differing confirmation; but no policy rejects only because the
    proof belongs to another order."""
    foreign = any(facts.registration == "mismatch" for facts, _ in judged)
    rejected = any(judgement.outcome is Outcome.REJECTED for _, judgement in judged)
    return "review" if foreign and not rejected else action


def _with_registration(callback: Facts, result: Facts) -> Facts:
    """The result's facts with the registration fact of either; a mismatch outranks a match."""
    if callback.registration is None or result.registration == "mismatch":
        return result
    return msgspec.structs.replace(result, registration=callback.registration)


def judge(facts: Facts, policy: Policy) -> Judgement:
    """Judge `facts` alone by `policy`."""
    if facts == UNREAD_RESULT:
        return _UNREAD
    if facts.status in _UNFINISHED:
        return _unfinished(facts, policy, Reason(_UNFINISHED[facts.status]))
    rejecting: list[Reason] = []
    doubtful: list[Reason] = []
    runs: list[RuleRun] = []
    for name, findings in run_rules(facts, policy.config):
        rejecting += [reason for action, reason in findings if action == "reject"]
        doubtful += [reason for action, reason in findings if action == "review"]
        runs.append(_run_of(name, findings))
    outcome = Outcome.REJECTED if rejecting else Outcome.REVIEW if doubtful else Outcome.APPROVED
    return Judgement(outcome, (*rejecting, *doubtful), tuple(runs))


def _run_of(name: str, findings: tuple[Finding, ...]) -> RuleRun:
    if not findings:
        return _PASSED[name]
    actions = {action for action, _ in findings}
    verdict = "reject" if "reject" in actions else "review" if "review" in actions else "ignored"
    return RuleRun(name, verdict, tuple(reason for _, reason in findings))


def _unfinished(facts: Facts, policy: Policy, reason: Reason) -> Judgement:
    """Nothing was proved, so `incomplete`; but `review` if the flow belongs to another order, or if repeated
    members make the status ambiguous. Signs of an attack are reported and do not affect the outcome."""
    found = {
        "registration": tuple(reason for _, reason in registration(facts, policy.config)),
        "payload": tuple(reason for _, reason in repeated(facts)),
    }
    doubts = tuple(RuleRun(name, "review", reasons) for name, reasons in found.items() if reasons)
    signs = _signs_of_attack(facts, policy)
    attacks = tuple(reason for action, reason in signs if action != "ignore")
    runs = (RuleRun("status", "incomplete", (reason,)), *doubts)
    runs += (_run_of("genuineness", signs),) if signs else ()
    if not doubts:
        return Judgement(Outcome.INCOMPLETE, (reason, *attacks), runs)
    reasons = (each for doubt in doubts for each in doubt.reasons)
    return Judgement(Outcome.REVIEW, (*reasons, reason, *attacks), runs)


def _signs_of_attack(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    if facts.edition < _NAMES_ATTACKS or not facts.genuineness:
        return ()
    return tuple(genuineness(facts, policy.config))


_NAMES_ATTACKS: Final = 2
"""The edition (`facts.EDITION`) since which an unfinished flow reports signs of an attack."""
_UNREAD_REASON: Final = Reason(Code.PAYLOAD_UNREADABLE, ", ".join(UNREAD_RESULT.unreadable))
_UNREAD: Final = Judgement(
    Outcome.REVIEW, (_UNREAD_REASON,), (RuleRun("payload", "review", (_UNREAD_REASON,)),)
)
_PASSED: Final = {name: RuleRun(name, "passed") for name, _ in EVERY_RULE}
