"""A stored decision, read back and computed again, is the same in every part; a touched one is not."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.model import ConfirmationMode, Outcome
from domain.policy.decide import UNCONFIRMED
from domain.policy.evidence import Evidence
from domain.policy.explanation import StoredDecision, is_same, recompute
from domain.policy.facts.facts import Facts
from domain.policy.file.policy import Policy
from domain.policy.reasons import Code, Reason
from tests.support.payloads.callbacks import (
    THOROUGH,
    compared,
    default_policy,
    passing_facts,
    policy_with,
    stored_decision,
)
from tests.support.policies.strategies import policies, storable_facts

REQUIRED, PREFERRED, OFF = ConfirmationMode


def _stored(
    callback: Facts | None, result: Facts | None = None, *, mode: ConfirmationMode = REQUIRED, **more: Any
) -> StoredDecision:
    return stored_decision(callback, result, mode=mode, **more)


def _read_back(stored: StoredDecision, *, sort_keys: bool = False) -> StoredDecision:
    """Written as JSON text, read by another program's JSON on the way, and decoded."""
    tree = json.loads(msgspec.json.encode(stored))
    return msgspec.json.decode(json.dumps(tree, sort_keys=sort_keys).encode(), type=StoredDecision)


Both = tuple[Facts | None, Facts | None]

nearly_the_same: st.SearchStrategy[Both] = storable_facts.flatmap(
    lambda facts: st.tuples(st.just(facts), st.none() | st.just(facts) | storable_facts)
)
both_or_one = nearly_the_same | st.tuples(st.none(), storable_facts)
reasons = st.none() | st.sampled_from(
    [UNCONFIRMED, Reason(Code.RESULT_EXPIRED), Reason(Code.CONFIRMATION_UNAVAILABLE, "AUTHENTICATION_ERROR")]
)


@THOROUGH
@given(both=both_or_one, policy=policies, mode=st.sampled_from(ConfirmationMode), unconfirmed=reasons)
def test_a_decision_that_was_read_back_is_computed_to_the_same(
    both: Both, policy: Policy, mode: ConfirmationMode, unconfirmed: Reason | None
) -> None:
    callback, result = both
    stored = _stored(callback, result, policy=policy, mode=mode, unconfirmed=unconfirmed)
    event(f"{stored.outcome} {stored.basis}")
    back = _read_back(stored)
    assert back.evidence == Evidence(callback, result, unconfirmed)
    again = recompute(back, policy)
    assert is_same(back, again)
    assert is_same(stored, again)
    assert again.reasons == stored.reasons
    assert again.rules == stored.rules


@THOROUGH
@given(both=both_or_one, policy=policies, mode=st.sampled_from(ConfirmationMode))
def test_the_order_of_keys_decides_nothing(both: Both, policy: Policy, mode: ConfirmationMode) -> None:
    """As PostgreSQL's jsonb would have it; details then come in another order, so the columns are json."""
    stored = _stored(*both, policy=policy, mode=mode)
    again = recompute(_read_back(stored, sort_keys=True), policy)
    assert (again.outcome, again.basis) == (stored.outcome, stored.basis)
    assert sorted(reason.code for reason in again.reasons) == sorted(reason.code for reason in stored.reasons)
    assert sorted(item.fact for item in again.disagreements) == sorted(
        item.fact for item in stored.disagreements
    )


TOUCHED: list[dict[str, Any]] = [
    {"status": "CANCELLED"},
    {"status": None},
    {"liveness": "FAIL"},
    {"liveness": None},
    {"comparisons": compared(70.0)},
    {"comparisons": {}},
    {"genuineness": {"mask_confidence": 0.6, "mask_threshold": 0.5}},
    {"error_message": "INTERNAL_ERROR"},
    {"id_attacked": 1.0},
    {"will": "FAIL"},
    {"multifaces_tag": "1"},
    {"id_photo_monochrome": 1.0},
    {"card": "expired"},
    {"legality": {"front.screen": 0.9}},
    {"registration": "mismatch"},
    {"registration": "match"},
    {"unreadable": ("verify_result",)},
    {"repeated": ("status",)},
    {"irregular": ("fail_reason",)},
]


@pytest.mark.parametrize("changes", TOUCHED)
def test_a_touched_fact_is_noticed(changes: dict[str, Any]) -> None:
    facts, touched = passing_facts(), passing_facts(**changes)
    for stored in (_stored(facts, facts), _stored(facts), _stored(facts, mode=OFF), _stored(None, facts)):
        assert is_same(stored, recompute(stored, default_policy()))
        evidence = Evidence(stored.evidence.callback and touched, stored.evidence.result and touched)
        forged = msgspec.structs.replace(stored, evidence=evidence)
        assert not is_same(forged, recompute(forged, default_policy()))


def test_a_fact_that_only_the_callback_has_otherwise_is_noticed() -> None:
    facts = passing_facts()
    evidence = Evidence(passing_facts(comparisons=compared(91.328)), facts)
    forged = msgspec.structs.replace(_stored(facts, facts), evidence=evidence)
    again = recompute(forged, default_policy())
    assert not is_same(forged, again)
    assert again.outcome is Outcome.REVIEW


ATTACKED = passing_facts(id_attacked=1.0)


@pytest.mark.parametrize(
    "part",
    [
        {"outcome": Outcome.APPROVED},
        {"basis": "confirmed"},
        {"reasons": ()},
        {"reasons": (Reason(Code.ID_ATTACKED, "not before"),)},
        {"rules": ()},
        {"disagreements": ()},
        {"mode": OFF, "evidence": Evidence(ATTACKED)},
        {"evidence": Evidence(ATTACKED, unconfirmed=Reason(Code.RESULT_EXPIRED))},
    ],
)
def test_a_touched_decision_is_noticed(part: dict[str, Any]) -> None:
    stored = _stored(ATTACKED, passing_facts(id_attacked=1.0, liveness="FAIL"))
    forged = msgspec.structs.replace(stored, **part)
    assert not is_same(forged, recompute(forged, default_policy()))


@pytest.mark.parametrize(
    "tables",
    [
        {"face": {"approve_level": "1e-6"}},
        {"face": {"min_confidence": 80}},
        {"face": {"comparisons": ["result_ref1"]}},
        {"genuineness": {"mask": "review"}},
        {"multifaces": {"detected": "reject"}},
    ],
)
def test_another_policy_is_noticed(tables: dict[str, Any]) -> None:
    facts = passing_facts(
        comparisons=compared(75.0),
        genuineness={"mask_confidence": 0.6, "mask_threshold": 0.5},
        multifaces_tag="1",
    )
    stored = _stored(facts, facts)
    assert is_same(stored, recompute(stored, policy_with()))
    assert not is_same(stored, recompute(stored, policy_with(**tables)))


def test_the_mode_in_force_then_outranks_the_policys_mode_now() -> None:
    stored = _stored(passing_facts(), mode=OFF)
    policy = policy_with(confirmation={"mode": "required", "unavailable": "reject"})
    assert recompute(stored, policy).outcome is Outcome.APPROVED


def test_there_is_no_evidence_without_facts() -> None:
    with pytest.raises(ValueError, match="no facts"):
        msgspec.structs.replace(_stored(passing_facts()).evidence, callback=None)
    with pytest.raises(msgspec.ValidationError, match="no facts"):
        msgspec.json.decode(b"{}", type=Evidence)


def test_lists_in_a_disagreement_survive() -> None:
    stored = _stored(passing_facts(illogical=("front.name",)), passing_facts(illogical=("back.name",)))
    assert [item.fact for item in stored.disagreements] == ["illogical"]
    back = _read_back(stored)
    assert is_same(back, recompute(back, default_policy()))


def test_an_illogical_field_in_only_one_payload_is_not_a_disagreement() -> None:
    for callback, result in [(("front.name",), ()), ((), ("front.name",))]:
        stored = _stored(passing_facts(illogical=callback), passing_facts(illogical=result))
        assert (stored.outcome, stored.disagreements) == (Outcome.APPROVED, ())
