"""Signs of an attack, by whatever name: each pair is compared, each flag that is not 0 is doubt."""

from typing import Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.callback.attack_reading import MOST_SIGNS, is_sign_name
from domain.model import Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from tests.support.payloads.callbacks import (
    GENUINE,
    ID_NUMBER,
    NAME,
    THOROUGH,
    Json,
    decoded_facts,
    default_policy,
    judged,
    passing_facts,
    passing_payload,
    policy_with,
)

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
PLACES = [
    "liveness_result.face_genuineness",
    "verify_result.face_genuineness",
    "face_genuineness",
    "liveness_result",
    "verify_result",
    "",
]
BLOCKS = PLACES[:3]


def _with_signs(place: str, signs: Json, *, tree: Json | None = None) -> Json:
    tree = tree or passing_payload()
    inner: Any = tree
    for block in filter(None, place.split(".")):
        inner = inner.setdefault(block, {})
    inner.update(signs)
    return tree


def _outcome(tree: Json) -> Outcome:
    facts = decoded_facts(tree)
    return decide(Evidence(facts, facts), policy=default_policy()).outcome


def _pair(name: str, confidence: Any, threshold: Any = 0.5) -> Json:
    return {f"{name}_confidence": confidence, f"{name}_threshold": threshold}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("mask", REJECTED),
        ("deepfake", REVIEW),
        ("deepfake_v2", REVIEW),
        ("camera_injection", REVIEW),
        ("deepFake", REVIEW),
        ("x", REVIEW),
        ("深度伪造", REVIEW),
        (ID_NUMBER, REVIEW),
        ("x" * 200, REVIEW),
        ("", REVIEW),
    ],
)
def test_a_score_over_its_threshold_is_never_approved(place: str, name: str, outcome: Outcome) -> None:
    """`deepfake_confidence` 0.99 over a threshold of 0.5 was once approved."""
    tree = _with_signs(place, _pair(name, 0.99))
    assert _outcome(tree) is outcome
    assert ID_NUMBER not in repr(decoded_facts(tree))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["mask", "deepfake", "deepfake_v2", "deepFake"])
@pytest.mark.parametrize("confidence", [0, 0.01, 0.5, "0.01"])
def test_a_score_below_its_threshold_is_no_attack(place: str, name: str, confidence: Any) -> None:
    assert _outcome(_with_signs(place, _pair(name, confidence))) is APPROVED


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "signs",
    [
        {"deepfake_confidence": 0.01},
        {"deepfake_threshold": 0.5},
        _pair("deepfake", 99, 50),
        _pair("deepfake", 0.01, 50),
        _pair("deepfake", -0.1),
        _pair("deepfake", "high"),
        _pair("deepfake", True),
        _pair("deepfake", {"a": 1}),
        _pair("deepfake", 0.01, [0.5]),
    ],
)
def test_a_pair_that_cannot_be_compared_is_for_a_person(place: str, signs: Json) -> None:
    assert _outcome(_with_signs(place, signs)) is REVIEW


@pytest.mark.parametrize("place", BLOCKS)
@pytest.mark.parametrize("value", [1, 2, -1, 0.5, True, "1", "yes", "abc", [1], {"score": 0.9}])
@pytest.mark.parametrize("name", ["camera_injected", "deepfake", NAME, ID_NUMBER])
def test_a_flag_that_is_not_0_is_for_a_person(place: str, name: str, value: Any) -> None:
    tree = _with_signs(place, {name: value})
    assert _outcome(tree) is REVIEW
    facts = decoded_facts(tree)
    assert NAME not in repr(facts)
    assert ID_NUMBER not in repr(facts)
    assert judged(facts, policy_with(genuineness={"other": "ignore"})) == (APPROVED, [])


@pytest.mark.parametrize("place", BLOCKS)
@pytest.mark.parametrize("value", [0, 0.0, "0", False, None, "", [], {}])
@pytest.mark.parametrize("name", ["camera_injected", NAME])
def test_a_flag_of_0_is_none(place: str, name: str, value: Any) -> None:
    assert _outcome(_with_signs(place, {name: value})) is APPROVED


@pytest.mark.parametrize("attacked", PLACES)
@pytest.mark.parametrize("clean", PLACES)
def test_of_two_places_the_worse_counts(clean: str, attacked: str) -> None:
    tree = _with_signs(attacked, _pair("deepfake", 0.99))
    if clean != attacked:
        tree = _with_signs(clean, _pair("deepfake", 0.01), tree=tree)
    assert _outcome(tree) is REVIEW


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED", "TIMEOUT", "WEBRTC_UNSUPPORTED"])
def test_an_attack_in_a_flow_that_did_not_end_is_named(status: str) -> None:
    attacked = passing_facts(
        status=status, genuineness=GENUINE | _pair("mask", 0.99) | _pair("deepfake", 0.9)
    )
    judgement = judge(attacked, default_policy())
    assert judgement.outcome is INCOMPLETE
    codes = [reason.code for reason in judgement.reasons]
    assert codes == [f"flow.{status.lower()}", "attack.mask", "attack.other"]
    assert [(run.rule, run.verdict) for run in judgement.rules] == [
        ("status", "incomplete"),
        ("genuineness", "reject"),
    ]
    mild = policy_with(genuineness={"mask": "ignore", "other": "ignore"})
    assert [reason.code for reason in judge(attacked, mild).reasons] == codes[:1]
    before = msgspec.structs.replace(attacked, edition=1)
    assert [reason.code for reason in judge(before, default_policy()).reasons] == codes[:1]
    assert len(judge(before, default_policy()).rules) == 1


def test_a_flow_that_did_not_end_needs_no_scores() -> None:
    policy = policy_with(genuineness={"missing": "reject"})
    judgement = judge(passing_facts(status="CANCELLED", genuineness={}), policy)
    assert [reason.code for reason in judgement.reasons] == ["flow.cancelled"]


def test_signs_without_number_fill_no_facts() -> None:
    crowd = {f"sign_{n}": 0 for n in range(5000)} | _pair("mask", 0.99)
    facts = decoded_facts(_with_signs(PLACES[1], crowd))
    assert len(facts.genuineness) <= MOST_SIGNS + len(GENUINE)
    assert judged(facts)[0] is REJECTED


def test_a_reason_names_the_sign_and_its_figures() -> None:
    facts = passing_facts(genuineness=GENUINE | _pair("deepfake", 0.99) | {"camera_injected": 1.0})
    decision = decide(Evidence(facts, facts), policy=default_policy())
    assert [(reason.code, reason.detail) for reason in decision.reasons] == [
        ("attack.other", "deepfake: 0.99 > 0.5"),
        ("attack.other", "camera_injected = 1"),
    ]


words = st.from_regex(r"[a-z]{1,12}(_[a-z0-9]{1,8}){0,3}", fullmatch=True) | st.text(max_size=20)
over = st.floats(0.5, 1, exclude_min=True)


@THOROUGH
@given(place=st.sampled_from(PLACES), name=words, confidence=over, kind=st.sampled_from([float, str]))
def test_no_name_hides_a_score_over_its_threshold(
    place: str, name: str, confidence: float, kind: type
) -> None:
    outcome = _outcome(_with_signs(place, _pair(name, kind(confidence))))
    event(str(outcome))
    assert outcome in {REVIEW, REJECTED}


@THOROUGH
@given(
    place=st.sampled_from(BLOCKS),
    name=words,
    value=st.floats(allow_nan=False, allow_infinity=False).filter(bool) | st.just(True) | st.integers(1),
)
def test_no_name_hides_a_flag(place: str, name: str, value: Any) -> None:
    assert _outcome(_with_signs(place, {name: value})) in {REVIEW, REJECTED}


@pytest.mark.parametrize(
    "name", [NAME, ID_NUMBER, "110101199003070011", "", "a b", "1a", "x" * 129, "a__b", "a-b"]
)
def test_a_possible_identity_is_not_used_as_a_name(name: str) -> None:
    assert not is_sign_name(name)
