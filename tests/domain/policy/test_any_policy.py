"""Properties of every policy that a file can describe, for any facts.

Nothing raises, nothing passes without the proofs that this policy asks for, and nothing that is worse or
asked for more strictly ever comes out better.
"""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.callback.parts import LEVELS
from domain.model import Agreement, Basis, ConfirmationMode, Outcome
from domain.policy.decide import decide, judge
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import EDITION, ComparisonFacts, Facts
from domain.policy.file.config import FaceTable, PolicyConfig
from domain.policy.file.policy import Policy
from domain.policy.reasons import Reason
from domain.policy.rules.rules import rules_for
from tests.support.payloads.callbacks import GENUINE, THOROUGH, compared, every_action, passing_facts
from tests.support.policies.strategies import FLAGS, changed_policy, facts, near_passes, policies

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
BADNESS = {APPROVED: 0, REVIEW: 1, REJECTED: 2, INCOMPLETE: 3}
MILD_TO_STRICT = ("ignore", "review", "reject")
modes = st.none() | st.sampled_from(ConfirmationMode)


def _outcome(of: Facts, policy: Policy) -> Outcome:
    return judge(of, policy).outcome


@THOROUGH
@given(callback=facts, result=st.none() | facts, mode=modes, policy=policies)
def test_every_policy_decides_everything(
    callback: Facts, result: Facts | None, mode: ConfirmationMode | None, policy: Policy
) -> None:
    decision = decide(Evidence(callback, result), policy=policy, mode=mode)
    event(f"{decision.outcome} {decision.basis}")
    assert decision.reasons or decision.outcome is APPROVED
    assert not (decision.reasons and decision.outcome is APPROVED)
    said = judge(callback, policy).outcome
    if decision.outcome is APPROVED:
        assert said is APPROVED
        assert decision.basis is (Basis.CALLBACK if result is None else Basis.CONFIRMED)
        assert result is None or judge(result, policy).outcome is APPROVED
        mode = mode or policy.config.confirmation.mode
        assert result is not None or mode is not ConfirmationMode.REQUIRED


@THOROUGH
@given(result=facts, mode=modes, policy=policies)
def test_a_result_alone_decides_like_its_facts(
    result: Facts, mode: ConfirmationMode | None, policy: Policy
) -> None:
    """So that no decision without a callback lacks a proof: `judge` is held to them below."""
    decision = decide(Evidence(None, result), policy=policy, mode=mode)
    event(decision.outcome)
    alone = judge(result, policy)
    assert (decision.outcome, decision.reasons, decision.rules) == (
        alone.outcome, alone.reasons, alone.rules,
    )  # fmt: skip
    assert (decision.basis, decision.agreement) == (Basis.RESULT, Agreement.RESULT_ONLY)


@THOROUGH
@given(of=facts, policy=policies)
def test_no_policy_approves_without_its_proofs(of: Facts, policy: Policy) -> None:
    outcome, face, will = _outcome(of, policy), policy.config.face, policy.config.will
    event(outcome)
    if outcome is not APPROVED:
        return
    assert (of.status, of.liveness, of.error_message) == ("OK", "PASS", None)
    assert of.registration != "mismatch"
    assert of.repeated == ()
    is_held = of.registration is not None and policy.config.payload.irregular != "ignore"
    assert not is_held or (of.unreadable, of.irregular) == ((), ())
    assert not {"status", "verify_result.result_faceid"} & {*of.unreadable}
    assert _faces_match(of.comparisons, face)
    assert of.edition < EDITION or _a_live_face_matches(of.comparisons, face)
    assert will.require == "never" or of.will == "PASS" or (of.will, will.require) == (None, "when_present")
    assert will.require == "never" or of.procedure_type != "will" or of.will == "PASS"


def _faces_match(made: dict[str, ComparisonFacts], table: FaceTable) -> bool:
    """Once more, and without a look at the rule: whether the comparisons that count reach the level."""
    alone = ("result_faceid",) if "result_faceid" in made else tuple(made)
    names: tuple[str, ...] = alone if table.comparisons == "auto" else table.comparisons
    if table.comparisons == "auto" and len(names) != 1:
        return False
    matches = [
        name in made
        and table.approve_level in made[name].thresholds
        and max(table.min_confidence, made[name].thresholds[table.approve_level])
        <= made[name].confidence
        <= 100
        for name in names
    ]
    return any(matches) if table.need == "any" else all(matches)


def _a_live_face_matches(made: dict[str, ComparisonFacts], table: FaceTable) -> bool:
    """Whether one of the comparisons that count and match is of the live face."""
    live = {"result_faceid", "result_ref1", "result_ref2", "result_ref3"}
    live |= set() if table.comparisons == "auto" else {"result_idcard_photo"}
    counting = made.keys() if table.comparisons == "auto" else table.comparisons
    return any(
        made[name].confidence >= made[name].thresholds.get(table.approve_level, 101)
        for name in made.keys() & set(counting) & live
    )


PAIRS = ("synthetic_face", "mask", "screen_replay")


@st.composite
def clean_facts(draw: st.DrawFn) -> Facts:
    """Any facts with genuineness scores that show no attack."""
    scores = dict(GENUINE)
    for name in draw(st.sets(st.sampled_from(PAIRS), max_size=2)):
        del scores[f"{name}_confidence"], scores[f"{name}_threshold"]
    return msgspec.structs.replace(draw(facts), genuineness=scores)


attacks = st.builds(
    lambda name, score: {f"{name}_confidence": score, f"{name}_threshold": 0.5},
    st.sampled_from([*PAIRS, "deepfake", "injected_video_v"]),
    st.floats(0.5, 1, exclude_min=True),
) | st.builds(
    lambda name, value: {name: float(value)},
    st.sampled_from([*FLAGS, "camera_injected"]),
    st.sampled_from([1, 2, -1]),
)


@THOROUGH
@given(before=clean_facts(), attack=attacks, policy=policies)
def test_no_policy_likes_an_attack(before: Facts, attack: dict[str, float], policy: Policy) -> None:
    attacked = msgspec.structs.replace(before, genuineness=before.genuineness | attack)
    was, became = _outcome(before, policy), _outcome(attacked, policy)
    event(f"{was} {became}")
    assert BADNESS[became] >= BADNESS[was]


WORSE: list[dict[str, Any]] = [
    {"id_attacked": 1.0},
    {"id_photo_monochrome": 1.0},
    {"liveness": "FAIL"},
    {"multifaces_tag": "1"},
    {"card": "expired"},
    {"illogical": ("front.name",)},
    {"legality": {"front.screen": 1.0}},
    {"qualities": {"front.name": 0.0}},
    {"attempts": {"FACE_NOT_FOUND": 99}},
    {"comparisons": compared(10)},
    {"error_message": "NO_SUCH_ID_NUMBER"},
    {"registration": "mismatch"},
    {"unreadable": ("verify_result.result_faceid",)},
    {"unreadable": ("multifaces_tag", "will_result")},
    {"repeated": ("status",)},
    {"irregular": ("fail_reason",)},
    {"irregular": ("fail_reason",), "registration": "match"},
]


@THOROUGH
@given(policy=policies, worse=st.sampled_from(WORSE))
def test_no_policy_likes_a_bad_sign(policy: Policy, worse: dict[str, Any]) -> None:
    before = passing_facts()
    was, became = _outcome(before, policy), _outcome(passing_facts(**worse), policy)
    assert BADNESS[became] >= BADNESS[was]


def _with_level(policy: Policy, level: str) -> Policy:
    """With this level to approve at, or its own where that is stricter."""
    return changed_policy(
        policy, "face", approve_level=max(level, policy.config.face.approve_level, key=LEVELS.index)
    )


@THOROUGH
@given(before=facts, policy=policies, stricter=st.sampled_from(LEVELS))
def test_a_stricter_level_never_turns_rejection_into_approval(
    before: Facts, policy: Policy, stricter: str
) -> None:
    """For any payload, where a missing level is for a person, as is the default."""
    policy = changed_policy(policy, "face", missing="review")
    if _outcome(before, policy) is REJECTED:
        assert _outcome(before, _with_level(policy, stricter)) is not APPROVED


@st.composite
def orderly_facts(draw: st.DrawFn) -> Facts:
    """Facts whose comparisons carry every level, a stricter one never at a lower score: as the vendor's."""
    before = draw(near_passes | facts)
    comparisons: dict[str, ComparisonFacts] = {}
    for name in draw(st.sets(st.sampled_from(["result_faceid", "result_ref1"]), min_size=1)):
        scores = sorted(draw(st.lists(st.floats(0, 100), min_size=4, max_size=4)))
        comparisons |= compared(
            draw(st.floats(0, 100) | st.sampled_from(scores)),
            dict(zip(LEVELS, scores, strict=True)),
            name=name,
        )
    return msgspec.structs.replace(before, comparisons=comparisons)


@THOROUGH
@given(before=orderly_facts(), policy=policies, stricter=st.sampled_from(LEVELS))
def test_a_stricter_level_improves_nothing(before: Facts, policy: Policy, stricter: str) -> None:
    was, became = _outcome(before, policy), _outcome(before, _with_level(policy, stricter))
    event(f"{was} {became}")
    assert BADNESS[became] >= BADNESS[was]


@THOROUGH
@given(before=facts, policy=policies, floors=st.tuples(st.floats(0, 100), st.floats(0, 100)))
def test_a_higher_floor_improves_nothing(before: Facts, policy: Policy, floors: tuple[float, float]) -> None:
    was, became = (
        _outcome(before, changed_policy(policy, "face", min_confidence=floor)) for floor in sorted(floors)
    )
    assert BADNESS[became] >= BADNESS[was]


ACTIONS = [(table, key) for table, key in every_action() if table != "confirmation"]


@THOROUGH
@given(before=facts, policy=policies, where=st.sampled_from(ACTIONS), data=st.data())
def test_a_stricter_action_improves_nothing(
    before: Facts, policy: Policy, where: tuple[str, str], data: st.DataObject
) -> None:
    table, key = where
    now = getattr(getattr(policy.config, table), key)
    stricter = data.draw(st.sampled_from(MILD_TO_STRICT[MILD_TO_STRICT.index(now) :]))
    became = _outcome(before, changed_policy(policy, table, **{key: stricter}))
    assert BADNESS[became] >= BADNESS[_outcome(before, policy)]


@pytest.mark.parametrize(("table", "key"), ACTIONS)
def test_every_action_is_an_action(table: str, key: str) -> None:
    """So that the property above meets all of them."""
    kind = PolicyConfig.__annotations__[table].__annotations__[key]
    assert set(get_args(kind)) in ({"reject", "review"}, {"reject", "review", "ignore"})


@THOROUGH
@given(of=facts, policy=policies)
def test_reasons_are_listed_heaviest_first_and_ignored_ones_by_rule(of: Facts, policy: Policy) -> None:
    judgement = judge(of, policy)
    if judgement.rules[0].verdict == "incomplete":
        return  # no rule runs on a flow that did not end
    found: dict[str, list[Reason]] = {action: [] for action in MILD_TO_STRICT}
    for name, rule in rules_for(of, policy.config):
        findings = list(rule(of, policy.config))
        [run] = [run for run in judgement.rules if run.rule == name]
        assert list(run.reasons) == [reason for _, reason in findings]
        worst = max((MILD_TO_STRICT.index(action) for action, _ in findings), default=-1)
        assert run.verdict == ("passed", "ignored", "review", "reject")[worst + 1]
        for action, reason in findings:
            found[action].append(reason)
    assert list(judgement.reasons) == found["reject"] + found["review"]
    assert judgement.outcome is (REJECTED if found["reject"] else REVIEW if found["review"] else APPROVED)
