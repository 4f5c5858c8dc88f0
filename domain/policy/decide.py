"""Decide: facts and a policy in, a decision with reasons out. Pure, total, and closed by default.

`approved` needs every proof; a definite failure is `rejected`; whatever is missing or doubtful is `review`;
a flow that did not end is `incomplete`, or `review` if it is another order's. Note that the vendor's status
OK says only that the flow ended.
"""

from typing import Final

import msgspec

from domain.facts.facts import UNREAD_RESULT, Disagreement, Facts, compare_facts
from domain.model import Agreement, Basis, ConfirmationMode, Outcome
from domain.policy.config import DoubtAction
from domain.policy.evidence import Evidence
from domain.policy.file import Policy
from domain.policy.reasons import Code, Reason
from domain.policy.rules.attack import genuineness
from domain.policy.rules.doubt import repeated
from domain.policy.rules.findings import Finding
from domain.policy.rules.rules import EVERY_RULE, RuleRun, registration, rules_for

UNCONFIRMED: Final = Reason(Code.CONFIRMATION_UNAVAILABLE)

_UNFINISHED: Final = {
    "CANCELLED": Code.FLOW_CANCELLED,
    "TIMEOUT": Code.FLOW_TIMEOUT,
    "FAILED": Code.FLOW_FAILED,
    "WEBRTC_UNSUPPORTED": Code.FLOW_WEBRTC_UNSUPPORTED,
}
_OPEN: Final = frozenset({"NOT_STARTED", "PROCESSING"})
_ENDED: Final = frozenset({"OK", *_UNFINISHED})
_OUTCOME_OF: Final = {"review": Outcome.REVIEW, "reject": Outcome.REJECTED}


class Judgement(msgspec.Struct, frozen=True):
    """What the facts of one payload come to: outcome, reasons (heaviest first), every rule's run."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    rules: tuple[RuleRun, ...]


class Decision(msgspec.Struct, frozen=True):
    """What we conclude, on which basis, and every reason for it.

    `rules`: every rule that ran, on the result's facts where there are any. `disagreements`: the facts on
    which callback and result differ, with both values.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    basis: Basis
    rules: tuple[RuleRun, ...]
    disagreements: tuple[Disagreement, ...] = ()

    @property
    def agreement(self) -> Agreement:
        """How callback and result stand to each other."""
        return agreement_of(
            self.basis, with_callback=self.basis is not Basis.RESULT or bool(self.disagreements)
        )


def agreement_of(basis: Basis, *, with_callback: bool) -> Agreement:
    """How callback and result stand to each other in a decision on this basis, with or without a callback."""
    if basis is Basis.CONFIRMED:
        return Agreement.AGREE
    if basis is Basis.CALLBACK:
        return Agreement.UNCONFIRMED
    return Agreement.DISAGREE if with_callback else Agreement.RESULT_ONLY


def is_open(status: str | None) -> bool:
    """Whether the flow still goes on: recorded, but neither pulled nor decided."""
    return status in _OPEN


def is_ended(status: str | None) -> bool:
    """Whether the flow has surely ended, so that a pull is safe.

    A missing or unknown status is neither open nor ended: it is decided (as `review`) without a pull.
    """
    return status in _ENDED


def decide(evidence: Evidence, *, policy: Policy, mode: ConfirmationMode | None = None) -> Decision:
    """The decision on this evidence under a policy.

    `mode` outranks the policy's own confirmation mode. Without a result a required confirmation turns
    approval and rejection into what the policy has for it; an unfinished flow stays `incomplete`, which
    passes nobody. Another order's proof alone is for a person, whatever the policy has. A result without a
    callback is its own confirmation, whatever the mode: we asked the vendor for it ourselves.
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
    said = judge(callback, policy)
    if mode is not ConfirmationMode.REQUIRED:
        return Decision(said.outcome, said.reasons, Basis.CALLBACK, said.rules)
    action = _tempered(policy.config.confirmation.unavailable, (callback, said))
    outcome = said.outcome if said.outcome is Outcome.INCOMPLETE else _OUTCOME_OF[action]
    why = (unconfirmed,) if is_ended(callback.status) else ()
    rules = (*said.rules, RuleRun("confirmation", action, why))
    return Decision(outcome, (*said.reasons, *why), Basis.CALLBACK, rules)


def _on_result_alone(result: Facts, policy: Policy) -> Decision:
    alone = judge(result, policy)
    return Decision(alone.outcome, alone.reasons, Basis.RESULT, alone.rules)


def _on_both(callback: Facts, result: Facts, policy: Policy) -> Decision:
    said = judge(callback, policy)
    result = _with_registration(callback, result)
    if result == callback:
        return Decision(said.outcome, said.reasons, Basis.CONFIRMED, said.rules)
    confirmed = judge(result, policy)
    differing = compare_facts(callback, result)
    if said.outcome is not confirmed.outcome:
        differing = (*differing, Disagreement("outcome", said.outcome.value, confirmed.outcome.value))
    if not differing:
        return Decision(confirmed.outcome, confirmed.reasons, Basis.CONFIRMED, confirmed.rules)
    action = _tempered(policy.config.confirmation.disagreement, (callback, said), (result, confirmed))
    reason = Reason(Code.CONFIRMATION_DISAGREES, ", ".join(item.fact for item in differing))
    doubts = tuple(each for each in _doubts(said) if each not in confirmed.reasons)
    rules = (*confirmed.rules, RuleRun("confirmation", action, (reason, *doubts)))
    return Decision(
        _OUTCOME_OF[action], (reason, *doubts, *confirmed.reasons), Basis.RESULT, rules, differing
    )


def _doubts(said: Judgement) -> tuple[Reason, ...]:
    """What could not be understood of a callback, so that a disagreement names it."""
    return tuple(each for each in said.reasons if each.code in _DOUBTS)


_DOUBTS: Final = frozenset({Code.PAYLOAD_UNREADABLE, Code.PAYLOAD_REPEATED})


def _tempered(action: DoubtAction, *judged: tuple[Facts, Judgement]) -> DoubtAction:
    """What the policy has for a missing or differing confirmation; but no file rejects anybody for another
    order's proof alone."""
    foreign = any(facts.registration == "mismatch" for facts, _ in judged)
    rejected = any(said.outcome is Outcome.REJECTED for _, said in judged)
    return "review" if foreign and not rejected else action


def _with_registration(callback: Facts, result: Facts) -> Facts:
    """The result, and of the registration what either of the two knows; a mismatch outranks a match."""
    if callback.registration is None or result.registration == "mismatch":
        return result
    return msgspec.structs.replace(result, registration=callback.registration)


def judge(facts: Facts, policy: Policy) -> Judgement:
    """What `facts` alone come to under `policy`."""
    if facts == UNREAD_RESULT:
        return _UNREAD
    if facts.status in _UNFINISHED:
        return _unfinished(facts, policy, Reason(_UNFINISHED[facts.status]))
    rejecting: list[Reason] = []
    doubtful: list[Reason] = []
    runs: list[RuleRun] = []
    for name, rule in rules_for(facts):
        findings = tuple(rule(facts, policy.config))
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
    """Nothing was proved; but that another order's flow ended so says nothing about this one, and a payload
    that says two things may say two statuses. Signs of an attack are named and decide nothing."""
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
"""The edition (`facts.EDITION`) from which on an unfinished flow names signs of an attack."""
_UNREAD_REASON: Final = Reason(Code.PAYLOAD_UNREADABLE, ", ".join(UNREAD_RESULT.unreadable))
_UNREAD: Final = Judgement(
    Outcome.REVIEW, (_UNREAD_REASON,), (RuleRun("payload", "review", (_UNREAD_REASON,)),)
)
_PASSED: Final = {name: RuleRun(name, "passed") for name, _ in EVERY_RULE}
