"""No input without every proof is approved; no sign of an attack ever helps; nothing makes the policy raise.

The proofs are written here a second time, over the vendor's JSON and without a look at the rules.
"""

from copy import deepcopy
from itertools import combinations
from typing import Any

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from domain.errors import UndecodableCallback
from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Facts
from domain.policy.reasons import Code
from tests.support.payloads.callbacks import (
    THOROUGH,
    Json,
    decoded_facts,
    default_policy,
    drop,
    passing_payload,
    put,
)
from tests.support.policies.strategies import facts

DEFAULT = default_policy()


def _proofs_hold(tree: Json) -> bool:
    """Whether the vendor's JSON shows the right person, alive, in a flow that ended well."""
    liveness, verify = tree.get("liveness_result") or {}, tree.get("verify_result") or {}
    genuineness = liveness.get("face_genuineness") or {}
    exceptions = verify.get("id_exceptions") or {}
    wills = [answer.get("result") for answer in tree.get("will_result") or []]
    return (
        tree.get("status") == "OK"
        and str(liveness.get("result")).upper() in {"PASS", "SUCCESS"}
        and all(_harmless(genuineness, name) for name in ("synthetic_face", "mask", "screen_replay"))
        and not float(genuineness.get("face_replaced") or 0)
        and not float(exceptions.get("id_attacked") or 0)
        and not verify.get("error_message")
        and _same_face(verify.get("result_faceid") or {})
        and set(wills) <= {"PASS"}
        and bool(wills or liveness.get("procedure_type") != "will")
        and str(tree.get("multifaces_tag") or "0") == "0"
    )


def _harmless(genuineness: Json, name: str) -> bool:
    score, threshold = genuineness.get(f"{name}_confidence"), genuineness.get(f"{name}_threshold")
    if score is None or threshold is None:
        return score is threshold
    return 0 <= float(score) <= float(threshold) <= 1


def _same_face(comparison: Json) -> bool:
    thresholds = comparison.get("thresholds", {})
    if "1e-5" not in thresholds:
        return False
    confidence, enough = float(comparison["confidence"]), float(thresholds["1e-5"])
    somebody_else = 0 <= float(thresholds.get("1e-3", 0)) <= 100 and confidence < float(
        thresholds.get("1e-3", 0)
    )
    return 0 <= enough <= 100 and max(60, enough) <= confidence <= 100 and not somebody_else


BLOCKS = [
    "status",
    "idcard_info",
    "liveness_result",
    "liveness_result.result",
    "liveness_result.procedure_type",
    "liveness_result.face_genuineness",
    "liveness_result.face_genuineness.synthetic_face_confidence",
    "liveness_result.face_genuineness.synthetic_face_threshold",
    "verify_result",
    "verify_result.result_faceid",
    "verify_result.result_faceid.thresholds",
    "verify_result.result_faceid.thresholds.1e-5",
    "verify_result.id_exceptions",
    "will_result",
    "multifaces_tag",
]


def test_no_subset_of_missing_blocks_is_approved_without_every_proof() -> None:
    approved = 0
    for size in range(len(BLOCKS) + 1):
        for missing in combinations(BLOCKS, size):
            if any(path.startswith(f"{other}.") for path in missing for other in missing):
                continue  # the inner one is gone with the outer one
            tree = passing_payload()
            for path in missing:
                drop(tree, path)
            outcome = judge(decoded_facts(tree), DEFAULT).outcome
            assert (outcome is Outcome.APPROVED) == _proofs_hold(tree), missing
            approved += outcome is Outcome.APPROVED
    assert approved > 1


numbers = st.sampled_from([0, 1, 2, -1, 0.5, 0.88, 59.9, 60, 64, 70, 73.9, 74, 100, 100.1, "0", "74", "0.51"])
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["OK", "ok", "FAILED", "CANCELLED", "PROCESSING", "NEW", None, 1]),
    "liveness_result.result": st.sampled_from(["PASS", "success", "FAIL", "PASS/FAIL", "", None, 1]),
    "liveness_result.procedure_type": st.sampled_from(["will", "video", None]),
    "liveness_result.face_genuineness.synthetic_face_confidence": numbers | st.none(),
    "liveness_result.face_genuineness.mask_threshold": numbers | st.none(),
    "liveness_result.face_genuineness.screen_replay_confidence": numbers | st.none(),
    "liveness_result.face_genuineness.face_replaced": numbers | st.none(),
    "verify_result.result_faceid.confidence": numbers,
    "verify_result.result_faceid.thresholds.1e-3": numbers,
    "verify_result.result_faceid.thresholds.1e-5": numbers,
    "verify_result.id_exceptions.id_attacked": numbers | st.none(),
    "verify_result.error_message": st.sampled_from(["", None, "NO_FACE_FOUND", "INTERNAL_ERROR", "NEW"]),
    "will_result": st.lists(st.fixed_dictionaries({"result": st.sampled_from(["PASS", "FAIL", None])}))
    | st.none(),
    "multifaces_tag": st.sampled_from(["0", 0, "1", 1, None, ""]),
}
changes = st.dictionaries(st.sampled_from(list(CHANGES)), st.none(), max_size=3).flatmap(
    lambda paths: st.fixed_dictionaries({path: CHANGES[path] for path in paths})
)


DECISIVE = [path for path in CHANGES if path != "liveness_result.procedure_type"]


@THOROUGH
@given(changes=changes)
def test_a_pass_and_every_proof_are_the_same(changes: Json) -> None:
    tree = passing_payload()
    for path, value in changes.items():
        put(tree, path, value)
    facts = decoded_facts(tree)
    outcome = judge(facts, DEFAULT).outcome
    event(outcome)
    assert (outcome is Outcome.APPROVED) == _proofs_hold(tree)
    assert decide(Evidence(None, facts), policy=DEFAULT).outcome is outcome


@THOROUGH
@given(changes=changes, text=st.sampled_from(["nan", "inf", "-Infinity"]), path=st.sampled_from(DECISIVE))
def test_a_string_that_is_not_a_number_is_never_approved(changes: Json, text: str, path: str) -> None:
    tree = passing_payload()
    for changed, value in changes.items():
        put(tree, changed, value)
    try:
        outcome = judge(decoded_facts(put(tree, path, text)), DEFAULT).outcome
    except UndecodableCallback:
        return
    assert outcome is not Outcome.APPROVED


modes = st.sampled_from(ConfirmationMode)


@THOROUGH
@given(callback=facts, result=st.none() | facts, mode=modes)
def test_the_default_policy_never_raises(
    callback: Facts, result: Facts | None, mode: ConfirmationMode
) -> None:
    decision = decide(Evidence(callback, result), mode=mode, policy=DEFAULT)
    assert decision.reasons or decision.outcome is Outcome.APPROVED


ATTACKS: list[Json] = [
    {"synthetic_face_confidence": 0.6, "synthetic_face_threshold": 0.5},
    {"mask_confidence": 0.6, "mask_threshold": 0.5},
    {"screen_replay_confidence": 0.6, "screen_replay_threshold": 0.5},
    {"face_replaced": 1.0},
    {"selfie_inconsistent": 1.0},
    {"selfie_metadata_inconsistent": 2.0},
]
BETTER_TO_WORSE = [Outcome.APPROVED, Outcome.REVIEW, Outcome.REJECTED, Outcome.INCOMPLETE]


@THOROUGH
@given(before=facts, attack=st.sampled_from(ATTACKS))
def test_a_sign_of_an_attack_never_helps(before: Facts, attack: Json) -> None:
    attacked = msgspec.structs.replace(before, genuineness=before.genuineness | attack)
    was, became = judge(before, DEFAULT).outcome, judge(attacked, DEFAULT)
    assert BETTER_TO_WORSE.index(became.outcome) >= BETTER_TO_WORSE.index(was)
    # No rule runs on a flow that did not end; it approves nobody.
    assert became.outcome is Outcome.REJECTED or became.rules[0].verdict == "incomplete"


@THOROUGH
@given(callback=facts, result=facts, mode=modes)
def test_only_agreement_approves(callback: Facts, result: Facts, mode: ConfirmationMode) -> None:
    decision = decide(Evidence(callback, result), mode=mode, policy=DEFAULT)
    event(f"{decision.outcome} {decision.basis}")
    if decision.outcome is Outcome.APPROVED:
        assert decision.basis is Basis.CONFIRMED
        assert _agree(_said(callback), _said(result))
        assert judge(callback, DEFAULT).outcome is judge(result, DEFAULT).outcome is Outcome.APPROVED
    else:
        assert decision.reasons
    if decision.basis is Basis.RESULT:
        assert decision.reasons[0].code is Code.CONFIRMATION_DISAGREES
        assert decision.outcome is Outcome.REVIEW


def _said(facts: Facts) -> Json:
    """Everything that two payloads have to agree on: not what is irregular in one of them, or
    counted for both."""
    tree: Json = msgspec.to_builtins(msgspec.structs.replace(facts, irregular=(), velocity=None))
    return deepcopy(tree)


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[key], other[key]) for key in one.keys() & other.keys())
    return one is None or other is None or one == other


@THOROUGH
@given(callback=facts)
def test_without_a_result_a_required_confirmation_is_never_approved(callback: Facts) -> None:
    decision = decide(Evidence(callback, None), mode=ConfirmationMode.REQUIRED, policy=DEFAULT)
    assert decision.outcome is not Outcome.APPROVED
