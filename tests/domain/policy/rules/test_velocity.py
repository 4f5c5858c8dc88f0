"""How often an ID number is verified, against the limits of a policy."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model import ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.explanation import is_same, recompute
from domain.policy.facts.facts import Facts, Velocity
from domain.policy.file.policy import Policy
from tests.support.payloads.callbacks import (
    QUICK,
    THOROUGH,
    default_policy,
    explained,
    judged,
    passing_facts,
    policy_with,
    stored_decision,
)
from tests.support.policies.strategies import changed_policy, facts, policies

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
BADNESS = {APPROVED: 0, REVIEW: 1, REJECTED: 2, INCOMPLETE: 3}
UNLIMITED = {"max_same_number_30d": None, "max_attempts_24h": None}


def limited(**keys: Any) -> Policy:
    return policy_with(velocity={"max_same_number_30d": 5, "max_attempts_24h": 2} | keys)


def counted(month: int, day: int) -> Facts:
    return passing_facts(velocity=Velocity(month, day))


@pytest.mark.parametrize(
    ("month", "day", "codes"),
    [
        (0, 0, []),
        (5, 2, []),
        (6, 2, ["velocity.same_number_30d"]),
        (5, 3, ["velocity.attempts_24h"]),
        (1000, 1000, ["velocity.same_number_30d", "velocity.attempts_24h"]),
    ],
)
@pytest.mark.parametrize(("action", "outcome"), [("review", REVIEW), ("reject", REJECTED)])
def test_more_than_a_maximum_is_a_finding(
    month: int, day: int, codes: list[str], action: str, outcome: Outcome
) -> None:
    found = judged(counted(month, day), limited(exceeded=action))
    assert found == (outcome if codes else APPROVED, codes)


def test_the_figures_are_in_the_reason() -> None:
    [reason] = judge(counted(7, 1), limited()).reasons
    assert reason.detail == "7 > 5"


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"max_attempts_24h": None}, "velocity.same_number_30d"),
        ({"max_same_number_30d": None}, "velocity.attempts_24h"),
    ],
)
def test_each_maximum_counts_alone(keys: dict[str, Any], code: str) -> None:
    assert judged(counted(9, 9), limited(**keys)) == (REVIEW, [code])


@pytest.mark.parametrize(("action", "outcome"), [("review", REVIEW), ("reject", REJECTED)])
def test_an_unknown_number_never_passes_by_silence(action: str, outcome: Outcome) -> None:
    found = judged(passing_facts(), limited(missing=action, exceeded="reject"))
    assert found == (outcome, ["velocity.missing"])


def test_the_rule_is_listed_where_it_runs() -> None:
    assert "velocity" in [run.rule for run in judge(counted(0, 0), limited()).rules]
    assert "velocity" not in [run.rule for run in judge(counted(0, 0), default_policy()).rules]


def test_a_flow_that_did_not_end_stays_incomplete() -> None:
    facts = msgspec.structs.replace(counted(99, 99), status="CANCELLED")
    assert judged(facts, limited(exceeded="reject")) == (INCOMPLETE, ["flow.cancelled"])


def test_it_is_no_disagreement_of_callback_and_result() -> None:
    evidence = Evidence(passing_facts(), counted(1, 1))
    assert decide(evidence, policy=default_policy()).disagreements == ()


@THOROUGH
@given(of=facts, policy=policies, month=st.integers(0, 9), day=st.integers(0, 9), more=st.integers(0, 9))
def test_more_verifications_never_help(of: Facts, policy: Policy, month: int, day: int, more: int) -> None:
    was, became = (
        judge(msgspec.structs.replace(of, velocity=Velocity(month + n, day + n)), policy).outcome
        for n in (0, more)
    )
    assert BADNESS[became] >= BADNESS[was]


@THOROUGH
@given(of=facts, policy=policies)
def test_a_missing_count_never_helps_with_the_actions_alike(of: Facts, policy: Policy) -> None:
    policy = changed_policy(policy, "velocity", missing="reject")
    absent = judge(msgspec.structs.replace(of, velocity=None), policy).outcome
    assert BADNESS[absent] >= BADNESS[judge(of, policy).outcome]


@THOROUGH
@given(of=facts, policy=policies, mode=st.sampled_from(ConfirmationMode))
def test_without_a_maximum_the_fact_decides_nothing(
    of: Facts, policy: Policy, mode: ConfirmationMode
) -> None:
    policy = changed_policy(policy, "velocity", **UNLIMITED)
    without = msgspec.structs.replace(of, velocity=None)
    one, other = (decide(Evidence(each, each), policy=policy, mode=mode) for each in (of, without))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


@QUICK
@given(count=st.integers(0, 9))
def test_a_stored_count_is_computed_to_the_same(count: int) -> None:
    policy = limited(exceeded="reject")
    stored = stored_decision(counted(count, count), counted(count, count), policy=policy)
    back = msgspec.json.decode(msgspec.json.encode(stored), type=type(stored))
    assert is_same(back, recompute(back, policy))
    assert back.outcome is (REJECTED if count > 2 else APPROVED)
    explanation = explained(back, policy=policy)
    assert explanation.recomputed is not None
    assert explanation.recomputed.same
    assert explanation.facts.callback == counted(count, count)


def test_a_touched_count_is_noticed() -> None:
    stored = stored_decision(counted(6, 0), counted(6, 0), policy=limited())
    touched = msgspec.structs.replace(stored, evidence=Evidence(counted(5, 0), counted(5, 0)))
    assert not is_same(touched, recompute(touched, limited()))


def test_an_absent_count_is_stored_as_before() -> None:
    assert b"velocity" not in msgspec.json.encode(passing_facts())
