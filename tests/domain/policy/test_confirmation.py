"""The effect of a result, or of its absence: agreement confirms, everything else needs review."""

import pytest

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.decide import UNCONFIRMED, decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Facts
from domain.policy.reasons import Code, Reason
from domain.policy.rules.rules import RuleRun
from tests.support.payloads.callbacks import (
    GENUINE,
    compared,
    decoded_facts,
    default_policy,
    load_sample,
    passing_facts,
    policy_with,
)

REQUIRED, PREFERRED, OFF = ConfirmationMode
APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
CONFIRMED, CALLBACK, RESULT = Basis

PASS = passing_facts()
FAIL = passing_facts(liveness="FAIL")
DOUBT = passing_facts(multifaces_tag="1")
CANCELLED = Facts(status="CANCELLED")
NO_STATUS = passing_facts(status=None)
UNKNOWN = passing_facts(status="SOMETHING_NEW")

MISMATCH = Reason(Code.LIVENESS_FAILED)
FACES = Reason(Code.MULTIFACES_DETECTED, "tag 1")
BROKEN_OFF = Reason(Code.FLOW_CANCELLED)


def _concluded(
    callback: Facts, result: Facts | None, *, mode: ConfirmationMode
) -> tuple[Outcome, tuple[Reason, ...], Basis]:
    decision = decide(Evidence(callback, result), policy=default_policy(), mode=mode)
    return decision.outcome, decision.reasons, decision.basis


@pytest.mark.parametrize("mode", ConfirmationMode)
@pytest.mark.parametrize(
    ("facts", "outcome", "reasons"),
    [
        (PASS, APPROVED, ()),
        (FAIL, REJECTED, (MISMATCH,)),
        (DOUBT, REVIEW, (FACES,)),
        (CANCELLED, INCOMPLETE, (BROKEN_OFF,)),
    ],
)
def test_callback_and_result_in_agreement(
    mode: ConfirmationMode, facts: Facts, outcome: Outcome, reasons: tuple[Reason, ...]
) -> None:
    assert _concluded(facts, facts, mode=mode) == (outcome, reasons, CONFIRMED)


@pytest.mark.parametrize(
    ("mode", "facts", "outcome", "reasons"),
    [
        (REQUIRED, PASS, REVIEW, (UNCONFIRMED,)),
        (REQUIRED, FAIL, REVIEW, (MISMATCH, UNCONFIRMED)),
        (REQUIRED, DOUBT, REVIEW, (FACES, UNCONFIRMED)),
        (REQUIRED, CANCELLED, INCOMPLETE, (BROKEN_OFF, UNCONFIRMED)),
        (REQUIRED, NO_STATUS, REVIEW, (Reason(Code.FLOW_UNKNOWN_STATUS, "no status"),)),
        (REQUIRED, UNKNOWN, REVIEW, (Reason(Code.FLOW_UNKNOWN_STATUS, "SOMETHING_NEW"),)),
        (PREFERRED, PASS, APPROVED, ()),
        (PREFERRED, FAIL, REJECTED, (MISMATCH,)),
        (PREFERRED, DOUBT, REVIEW, (FACES,)),
        (PREFERRED, CANCELLED, INCOMPLETE, (BROKEN_OFF,)),
        (OFF, PASS, APPROVED, ()),
        (OFF, FAIL, REJECTED, (MISMATCH,)),
        (OFF, DOUBT, REVIEW, (FACES,)),
        (OFF, CANCELLED, INCOMPLETE, (BROKEN_OFF,)),
        (OFF, NO_STATUS, REVIEW, (Reason(Code.FLOW_UNKNOWN_STATUS, "no status"),)),
    ],
)
def test_a_callback_without_a_result(
    mode: ConfirmationMode, facts: Facts, outcome: Outcome, reasons: tuple[Reason, ...]
) -> None:
    assert _concluded(facts, None, mode=mode) == (outcome, reasons, CALLBACK)


def test_the_reason_for_no_result_is_shown() -> None:
    expired = Reason(Code.RESULT_EXPIRED)
    decision = decide(Evidence(PASS, unconfirmed=expired), policy=default_policy(), mode=REQUIRED)
    assert (decision.outcome, decision.reasons, decision.basis) == (REVIEW, (expired,), CALLBACK)
    assert decision.rules[-1] == RuleRun("confirmation", "review", (expired,))


@pytest.mark.parametrize("mode", [None, *ConfirmationMode])
@pytest.mark.parametrize(
    ("facts", "outcome", "reasons"),
    [
        (PASS, APPROVED, ()),
        (FAIL, REJECTED, (MISMATCH,)),
        (DOUBT, REVIEW, (FACES,)),
        (CANCELLED, INCOMPLETE, (BROKEN_OFF,)),
        (NO_STATUS, REVIEW, (Reason(Code.FLOW_UNKNOWN_STATUS, "no status"),)),
    ],
)
def test_a_result_whose_callback_never_came_decides_alone(
    mode: ConfirmationMode | None, facts: Facts, outcome: Outcome, reasons: tuple[Reason, ...]
) -> None:
    policy = policy_with(confirmation={"unavailable": "reject", "disagreement": "reject"})
    decision = decide(Evidence(None, facts), policy=policy, mode=mode)
    assert (decision.outcome, decision.reasons, decision.basis) == (outcome, reasons, RESULT)
    assert (decision.agreement, decision.disagreements) == ("result_only", ())
    assert decision.rules == judge(facts, policy).rules


def test_nothing_is_decided_on_nothing() -> None:
    with pytest.raises(ValueError, match="no facts"):
        Evidence(unconfirmed=Reason(Code.RESULT_EXPIRED))


OPEN = passing_facts(status="PROCESSING")


@pytest.mark.parametrize("mode", ConfirmationMode)
@pytest.mark.parametrize(
    ("callback", "result", "detail", "reasons"),
    [
        pytest.param(PASS, FAIL, "liveness, outcome", (MISMATCH,), id="pass-then-fail"),
        pytest.param(FAIL, PASS, "liveness, outcome", (), id="fail-then-pass"),
        pytest.param(CANCELLED, PASS, "status, outcome", (), id="cancelled-then-pass"),
        pytest.param(PASS, CANCELLED, "status, outcome", (BROKEN_OFF,), id="pass-then-cancelled"),
        pytest.param(
            CANCELLED,
            Facts(status="TIMEOUT"),
            "status",
            (Reason(Code.FLOW_TIMEOUT),),
            id="cancelled-then-timeout",
        ),
        pytest.param(
            PASS,
            passing_facts(comparisons=compared(92.0)),
            "comparisons.result_faceid.confidence",
            (),
            id="another-score-that-passes-too",
        ),
        pytest.param(
            PASS,
            passing_facts(genuineness=GENUINE | {"mask_confidence": 0.2}),
            "genuineness.mask_confidence",
            (),
            id="another-genuineness-that-passes-too",
        ),
        pytest.param(
            PASS,
            passing_facts(liveness=None),
            "outcome",
            (Reason(Code.LIVENESS_MISSING),),
            id="the-result-lacks-a-proof",
        ),
        pytest.param(passing_facts(liveness=None), PASS, "outcome", (), id="the-callback-lacks-a-proof"),
        pytest.param(
            FAIL,
            passing_facts(liveness="FAIL", multifaces_tag=None, id_attacked=1),
            "id_attacked",
            (MISMATCH, Reason(Code.ID_ATTACKED, "the number was used in an attack before")),
            id="both-fail-for-different-reasons",
        ),
        pytest.param(
            PASS,
            OPEN,
            "status, outcome",
            (Reason(Code.FLOW_UNKNOWN_STATUS, "PROCESSING"),),
            id="the-result-is-still-open",
        ),
    ],
)
def test_callback_and_result_in_disagreement(
    mode: ConfirmationMode, callback: Facts, result: Facts, detail: str, reasons: tuple[Reason, ...]
) -> None:
    disagrees = Reason(Code.CONFIRMATION_DISAGREES, detail)
    assert _concluded(callback, result, mode=mode) == (REVIEW, (disagrees, *reasons), RESULT)


def test_a_fact_of_only_one_payload_is_not_a_disagreement() -> None:
    result = passing_facts(multifaces_tag=None, id_attacked=None, genuineness={}, procedure_type=None)
    assert _concluded(PASS, result, mode=REQUIRED) == (APPROVED, (), CONFIRMED)
    assert _concluded(result, PASS, mode=REQUIRED) == (APPROVED, (), CONFIRMED)


def test_the_policy_judges_both() -> None:
    strict = policy_with(face={"min_confidence": 95})
    decision = decide(Evidence(PASS, PASS), mode=REQUIRED, policy=strict)
    assert (decision.outcome, decision.basis) == (REVIEW, CONFIRMED)
    assert decide(Evidence(PASS, None), mode=OFF, policy=strict).outcome is REVIEW


def test_the_example_of_the_vendor_is_an_attack() -> None:
    callback = decoded_facts(load_sample("callback_with_attack.json"))
    unconfirmed = decide(Evidence(callback, None), policy=default_policy(), mode=REQUIRED)
    confirmed = decide(Evidence(callback, callback), policy=default_policy(), mode=REQUIRED)
    attack = Reason(Code.ATTACK_SYNTHETIC_FACE, "0.88 > 0.5")
    assert (confirmed.outcome, confirmed.reasons[0], confirmed.basis) == (REJECTED, attack, CONFIRMED)
    assert (unconfirmed.outcome, unconfirmed.reasons[0], unconfirmed.basis) == (REVIEW, attack, CALLBACK)
    assert unconfirmed.reasons[-1] == UNCONFIRMED


def test_the_examples_of_callback_and_result_differ_in_the_procedure_alone() -> None:
    callback, result = (
        decoded_facts(load_sample(f"{name}_with_attack.json")) for name in ("callback", "result")
    )
    decision = decide(Evidence(callback, result), policy=default_policy(), mode=REQUIRED)
    assert decision.outcome is REVIEW
    assert decision.reasons[0] == Reason(Code.CONFIRMATION_DISAGREES, "procedure_type")


@pytest.mark.parametrize("mode", ConfirmationMode)
def test_a_payload_without_status_approves_nothing(mode: ConfirmationMode) -> None:
    facts = decoded_facts(load_sample("older_callback_passed.json"))
    unknown = Reason(Code.FLOW_UNKNOWN_STATUS, "no status")
    assert _concluded(facts, None, mode=mode) == (REVIEW, (unknown,), CALLBACK)


def test_a_rejection_that_may_not_be_confirmed_is_for_a_person() -> None:
    facts = passing_facts(status="SOMETHING_NEW", liveness="FAIL")
    assert _concluded(facts, None, mode=REQUIRED)[0] is REVIEW
    assert _concluded(facts, None, mode=OFF)[0] is REJECTED
