"""A callback or a result about another order than the registered one needs review."""

from typing import Any

import msgspec
import pytest

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Facts
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from domain.policy.rules.rules import RULES, RuleRun
from tests.support.payloads.callbacks import (
    decoded_facts,
    default_policy,
    passing_facts,
    passing_payload,
    policy_tree,
    policy_with,
)

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
OTHER_ORDER = Reason(Code.REGISTRATION_BIZ_NO_MISMATCH)
ALWAYS = tuple(name for name, _ in RULES)


def registered(registration: str | None, **changes: Any) -> Facts:
    return msgspec.structs.replace(passing_facts(**changes), registration=registration)


@pytest.mark.parametrize(
    ("registration", "outcome", "reasons", "ran"),
    [
        (None, APPROVED, (), ALWAYS),
        ("match", APPROVED, (), (*ALWAYS, "registration")),
        ("mismatch", REVIEW, (OTHER_ORDER,), (*ALWAYS, "registration")),
    ],
)
def test_the_rule(
    registration: str | None, outcome: Outcome, reasons: tuple[Reason, ...], ran: tuple[str, ...]
) -> None:
    judgement = judge(registered(registration), default_policy())
    assert (judgement.outcome, judgement.reasons) == (outcome, reasons)
    assert tuple(run.rule for run in judgement.rules) == ran


def test_a_heavier_reason_outranks_it() -> None:
    rejected = judge(registered("mismatch", liveness="FAIL"), default_policy())
    assert (rejected.outcome, rejected.reasons[-1]) == (REJECTED, OTHER_ORDER)


HARSH = policy_with(confirmation={"unavailable": "reject", "disagreement": "reject"})


@pytest.mark.parametrize("policy", [default_policy(), HARSH], ids=["default", "rejects doubt"])
@pytest.mark.parametrize("mode", ConfirmationMode)
@pytest.mark.parametrize("status", ["CANCELLED", "TIMEOUT", "FAILED"])
def test_another_orders_unfinished_flow_is_for_a_person_too(
    status: str, mode: ConfirmationMode, policy: Policy
) -> None:
    other = registered("mismatch", status=status)
    judgement = judge(other, policy)
    assert (judgement.outcome, judgement.reasons[0]) == (REVIEW, OTHER_ORDER)
    assert [run.rule for run in judgement.rules] == ["status", "registration"]
    for decision in (
        decide(Evidence(other, other), policy=policy, mode=mode),
        decide(Evidence(other, None), policy=policy, mode=mode),
        decide(Evidence(None, other), policy=policy, mode=mode),
    ):
        assert decision.outcome is REVIEW
        assert OTHER_ORDER in decision.reasons
    assert judge(registered("match", status=status), policy).outcome is INCOMPLETE


@pytest.mark.parametrize("mode", ConfirmationMode)
def test_no_policy_rejects_for_another_orders_proof_alone(mode: ConfirmationMode) -> None:
    mine, other = registered("match"), registered("mismatch")
    for callback, result in ((other, None), (mine, other), (registered(None), other), (other, mine)):
        assert decide(Evidence(callback, result), policy=HARSH, mode=mode).outcome is REVIEW
    failed = registered("mismatch", liveness="FAIL")
    assert decide(Evidence(mine, failed), policy=HARSH, mode=mode).outcome is REJECTED
    assert decide(Evidence(mine, None), policy=HARSH, mode=ConfirmationMode.REQUIRED).outcome is REJECTED


@pytest.mark.parametrize("mode", ConfirmationMode)
@pytest.mark.parametrize(
    ("callback", "result", "outcome", "disagreements"),
    [
        ("match", "match", APPROVED, []),
        ("match", None, APPROVED, []),
        (None, "match", APPROVED, []),
        ("mismatch", "mismatch", REVIEW, []),
        ("mismatch", None, REVIEW, []),
        ("mismatch", "match", REVIEW, []),
        (None, "mismatch", REVIEW, ["outcome"]),
        ("match", "mismatch", REVIEW, ["registration", "outcome"]),
    ],
)
def test_a_mismatch_in_either_payload_is_reported(
    mode: ConfirmationMode,
    callback: str | None,
    result: str | None,
    outcome: Outcome,
    disagreements: list[str],
) -> None:
    decision = decide(Evidence(registered(callback), registered(result)), policy=default_policy(), mode=mode)
    assert decision.outcome is outcome
    assert (OTHER_ORDER in decision.reasons) == (outcome is REVIEW)
    assert [item.fact for item in decision.disagreements] == disagreements
    assert decision.basis is (Basis.RESULT if disagreements else Basis.CONFIRMED)
    found = (OTHER_ORDER,) if outcome is REVIEW else ()
    assert RuleRun("registration", "review" if found else "passed", found) in decision.rules


def test_a_result_alone_and_a_callback_alone_are_looked_at_too() -> None:
    other = registered("mismatch")
    for decision in (
        decide(Evidence(None, other), policy=default_policy()),
        decide(Evidence(other, None), policy=default_policy(), mode=ConfirmationMode.OFF),
    ):
        assert (decision.outcome, decision.reasons) == (REVIEW, (OTHER_ORDER,))


def test_no_payload_can_set_the_registration_fact() -> None:
    tree = passing_payload() | {"registration": "mismatch"}
    assert decoded_facts(tree).registration is None


def test_no_policy_has_a_key_for_it() -> None:
    assert "registration" not in policy_tree(default_policy())
