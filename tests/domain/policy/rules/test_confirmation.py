"""The confirmation table: which mode counts, and the effect of a missing confirmation or a disagreement."""

import pytest

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.decide import UNCONFIRMED, decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Disagreement, Facts
from domain.policy.reasons import Code, Reason
from domain.policy.rules.rules import RuleRun
from tests.support.payloads.callbacks import default_policy, passing_facts, policy_with

REQUIRED, PREFERRED, OFF = ConfirmationMode
APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
CONFIRMED, CALLBACK, RESULT = Basis

PASS = passing_facts()
FAIL = passing_facts(liveness="FAIL")
DOUBT = passing_facts(multifaces_tag="1")
CANCELLED = Facts(status="CANCELLED")


@pytest.mark.parametrize(
    ("own", "apps", "outcome"),
    [
        ("required", None, REVIEW),
        ("required", OFF, APPROVED),
        ("required", PREFERRED, APPROVED),
        ("preferred", None, APPROVED),
        ("preferred", REQUIRED, REVIEW),
        ("off", None, APPROVED),
        ("off", REQUIRED, REVIEW),
    ],
)
def test_an_apps_mode_outranks_the_policys(own: str, apps: ConfirmationMode | None, outcome: Outcome) -> None:
    policy = policy_with(confirmation={"mode": own})
    assert decide(Evidence(PASS, None), policy=policy, mode=apps).outcome is outcome


@pytest.mark.parametrize(
    ("action", "facts", "outcome"),
    [
        ("review", PASS, REVIEW),
        ("review", FAIL, REVIEW),
        ("reject", PASS, REJECTED),
        ("reject", FAIL, REJECTED),
        ("reject", DOUBT, REJECTED),
        ("review", CANCELLED, INCOMPLETE),
        ("reject", CANCELLED, INCOMPLETE),
    ],
)
def test_what_an_unavailable_confirmation_means(action: str, facts: Facts, outcome: Outcome) -> None:
    policy = policy_with(confirmation={"unavailable": action})
    decision = decide(Evidence(facts, None), policy=policy)
    assert (decision.outcome, decision.basis, decision.agreement) == (outcome, CALLBACK, "unconfirmed")
    assert decision.reasons == (*judge(facts, policy).reasons, UNCONFIRMED)
    assert decision.rules == (*judge(facts, policy).rules, RuleRun("confirmation", action, (UNCONFIRMED,)))


@pytest.mark.parametrize("mode", ConfirmationMode)
@pytest.mark.parametrize(("action", "outcome"), [("review", REVIEW), ("reject", REJECTED)])
def test_what_a_disagreement_means(mode: ConfirmationMode, action: str, outcome: Outcome) -> None:
    policy = policy_with(confirmation={"disagreement": action})
    decision = decide(Evidence(PASS, FAIL), policy=policy, mode=mode)
    assert (decision.outcome, decision.basis, decision.agreement) == (outcome, RESULT, "disagree")
    assert decision.disagreements == (
        Disagreement("liveness", "PASS", "FAIL"),
        Disagreement("outcome", "approved", "rejected"),
    )
    disagrees = Reason(Code.CONFIRMATION_DISAGREES, "liveness, outcome")
    assert decision.rules == (
        *judge(FAIL, policy).rules,
        RuleRun("confirmation", action, (disagrees,)),
    )


def test_on_agreement_the_rules_are_the_results() -> None:
    result = passing_facts(procedure_type=None, id_photo_monochrome=1)
    callback = passing_facts(id_photo_monochrome=None)
    decision = decide(Evidence(callback, result), policy=default_policy())
    assert (decision.outcome, decision.agreement, decision.disagreements) == (APPROVED, "agree", ())
    assert decision.rules == judge(result, default_policy()).rules != judge(callback, default_policy()).rules
