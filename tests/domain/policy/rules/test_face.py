"""The face table: which comparisons count, all of them or any, and which scores do."""

import pytest

from domain.callback.parts import LEVELS
from domain.model import Outcome
from domain.policy.decide import judge
from tests.support.payloads.callbacks import THRESHOLDS, Json, compared, judged, passing_facts, policy_with

APPROVED, REJECTED, REVIEW, _ = Outcome
BELOW, LEVEL, MISSING = "face.below_threshold", "face.level_missing", "face.missing"


@pytest.mark.parametrize(
    ("face", "confidence", "outcome"),
    [
        ({"approve_level": "1e-6"}, 79.9, APPROVED),
        ({"approve_level": "1e-6"}, 79.8, REVIEW),
        ({"approve_level": "1e-4"}, 69.0, APPROVED),
        ({"approve_level": "1e-4"}, 68.9, REVIEW),
        ({"approve_level": "1e-3"}, 64.0, APPROVED),
        ({"approve_level": "1e-3"}, 63.9, REJECTED),
        ({"review_level": "1e-4"}, 69.0, REVIEW),
        ({"review_level": "1e-4"}, 68.9, REJECTED),
        ({"review_level": "1e-5"}, 74.0, APPROVED),
        ({"review_level": "1e-5"}, 73.9, REJECTED),
        ({"min_confidence": 95}, 95.0, APPROVED),
        ({"min_confidence": 95}, 94.9, REVIEW),
        ({"min_confidence": 0}, 74.0, APPROVED),
        ({"min_confidence": 100}, 100.0, APPROVED),
    ],
)
def test_levels_and_floor(face: Json, confidence: float, outcome: Outcome) -> None:
    facts = passing_facts(comparisons=compared(confidence))
    assert judged(facts, policy_with(face=face)) == (outcome, [] if outcome is APPROVED else [BELOW])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("above", "outcome"), [(0.0, APPROVED), (0.001, APPROVED), (-0.001, REJECTED)])
def test_equality_at_every_level_approves(level: str, above: float, outcome: Outcome) -> None:
    facts = passing_facts(comparisons=compared(THRESHOLDS[level] + above))
    policy = policy_with(face={"approve_level": level, "review_level": level})
    assert judged(facts, policy)[0] is outcome


YES, DOUBT, NO = 91.0, 70.0, 41.0
BOTH: Json = {"comparisons": ["result_faceid", "result_ref1"]}


def _made(**scores: float) -> Json:
    return {name: made for key, score in scores.items() for name, made in _one(key, score).items()}


def _one(key: str, score: float) -> Json:
    return compared(score, name=f"result_{key}")


@pytest.mark.parametrize(
    ("made", "all_of", "any_of"),
    [
        (_made(faceid=YES, ref1=YES), (APPROVED, []), (APPROVED, [])),
        (_made(faceid=YES, ref1=DOUBT), (REVIEW, [BELOW]), (APPROVED, [])),
        (_made(faceid=DOUBT, ref1=YES), (REVIEW, [BELOW]), (APPROVED, [])),
        (_made(faceid=NO, ref1=YES), (REJECTED, [BELOW]), (APPROVED, [])),
        (_made(faceid=NO, ref1=DOUBT), (REJECTED, [BELOW, BELOW]), (REVIEW, [BELOW])),
        (_made(faceid=DOUBT, ref1=DOUBT), (REVIEW, [BELOW, BELOW]), (REVIEW, [BELOW])),
        (_made(faceid=NO, ref1=NO), (REJECTED, [BELOW, BELOW]), (REJECTED, [BELOW])),
        (_made(faceid=YES), (REVIEW, [MISSING]), (APPROVED, [])),
        (_made(faceid=NO), (REJECTED, [BELOW, MISSING]), (REVIEW, [MISSING])),
        (_made(ref1=YES), (REVIEW, [MISSING]), (APPROVED, [])),
        (_made(ref2=YES), (REVIEW, [MISSING, MISSING]), (REVIEW, [MISSING])),
        ({}, (REVIEW, [MISSING, MISSING]), (REVIEW, [MISSING])),
        (
            compared(YES, {}) | _made(ref1=YES),
            (REVIEW, [LEVEL]),
            (APPROVED, []),
        ),
        (
            _made(faceid=YES, ref1=YES, ref2=NO, idcard_photo=NO),
            (APPROVED, []),
            (APPROVED, []),
        ),
    ],
)
def test_all_of_and_any_of_two_comparisons(
    made: Json, all_of: tuple[Outcome, list[str]], any_of: tuple[Outcome, list[str]]
) -> None:
    facts = passing_facts(comparisons=made)
    assert judged(facts, policy_with(face=BOTH | {"need": "all"})) == all_of
    assert judged(facts, policy_with(face=BOTH | {"need": "any"})) == any_of


@pytest.mark.parametrize(
    "name",
    ["result_faceid", "result_ref1", "result_ref2", "result_ref3", "result_idcard_photo"],
)
def test_every_comparison_of_the_live_face_can_be_the_one_that_counts(name: str) -> None:
    policy = policy_with(face={"comparisons": [name]})
    assert judged(passing_facts(comparisons=compared(YES, name=name)), policy) == (APPROVED, [])
    assert judged(passing_facts(comparisons=compared(NO, name=name)), policy) == (REJECTED, [BELOW])
    other = "result_ref1" if name == "result_faceid" else "result_faceid"
    assert judged(passing_facts(comparisons=compared(YES, name=other)), policy) == (REVIEW, [MISSING])


CARD = "result_idcard_datasource"


@pytest.mark.parametrize("need", ["all", "any"])
@pytest.mark.parametrize("missing", ["review", "reject"])
def test_the_cards_portrait_alone_is_never_approved(need: str, missing: str) -> None:
    """It shows that the card is genuine, and nothing about its holder."""
    policy = policy_with(face={"comparisons": [CARD], "need": need, "missing": missing})
    outcome = REVIEW if missing == "review" else REJECTED
    assert judged(passing_facts(comparisons=compared(YES, name=CARD)), policy) == (outcome, [MISSING])
    assert judged(passing_facts(comparisons=compared(NO, name=CARD)), policy) == (REJECTED, [BELOW, MISSING])


def test_the_cards_portrait_counts_beside_the_live_face() -> None:
    both = _made(faceid=YES) | compared(NO, name=CARD)
    named = {"comparisons": ["result_faceid", CARD]}
    assert judged(passing_facts(comparisons=both), policy_with(face=named)) == (REJECTED, [BELOW])
    any_of = policy_with(face=named | {"need": "any"})
    assert judged(passing_facts(comparisons=both), any_of) == (APPROVED, [])
    swapped = _made(faceid=DOUBT) | compared(YES, name=CARD)
    assert judged(passing_facts(comparisons=swapped), any_of)[0] is REVIEW


@pytest.mark.parametrize("name", [CARD, "result_idcard_photo"])
def test_auto_approves_on_a_picture_that_the_person_did_not_bring(name: str) -> None:
    assert judged(passing_facts(comparisons=compared(YES, name=name))) == (REVIEW, [MISSING])
    assert judged(passing_facts(comparisons=compared(NO, name=name))) == (REJECTED, [BELOW, MISSING])


@pytest.mark.parametrize("name", [CARD, "result_idcard_photo"])
def test_an_older_decision_is_recomputed_by_its_own_rules(name: str) -> None:
    before = passing_facts(comparisons=compared(YES, name=name), edition=1)
    assert judged(before) == (APPROVED, [])
    assert judged(before, policy_with(face={"comparisons": [name]})) == (APPROVED, [])


@pytest.mark.parametrize(
    ("comparisons", "codes"),
    [
        pytest.param({}, [MISSING], id="none"),
        pytest.param(_made(ref1=YES, ref2=YES), [MISSING], id="several"),
        pytest.param(compared(YES, {"1e-3": 64.0}), [LEVEL], id="level"),
        pytest.param(compared(101.0), [MISSING], id="no-score"),
    ],
)
@pytest.mark.parametrize(("action", "outcome"), [("review", REVIEW), ("reject", REJECTED)])
def test_what_a_missing_comparison_or_level_means(
    comparisons: Json, codes: list[str], action: str, outcome: Outcome
) -> None:
    policy = policy_with(face={"missing": action})
    assert judged(passing_facts(comparisons=comparisons), policy) == (outcome, codes)


def test_need_does_not_apply_to_auto() -> None:
    for need in ("all", "any"):
        policy = policy_with(face={"need": need})
        assert judged(passing_facts(comparisons=_made(faceid=NO, ref1=YES)), policy)[0] is REJECTED
        assert judged(passing_facts(comparisons=_made(ref1=YES, ref2=YES)), policy) == (REVIEW, [MISSING])


@pytest.mark.parametrize(
    ("face", "comparisons", "details"),
    [
        ({}, compared(NO), ["41 < 64 (1e-3)"]),
        ({}, compared(DOUBT), ["70 < 74 (1e-5)"]),
        ({}, compared(59.5, {"1e-3": 1.0, "1e-5": 2.0}), ["59.5 < 60 (min_confidence)"]),
        ({}, compared(YES, {}), ["result_faceid: no 1e-5"]),
        ({}, {}, [""]),
        ({}, _made(ref1=YES, ref2=YES), ["several comparisons"]),
        ({}, compared(101.0), ["result_faceid: confidence 101 is no score"]),
        (
            BOTH,
            _made(faceid=DOUBT, ref1=NO),
            ["result_ref1: 41 < 64 (1e-3)", "70 < 74 (1e-5)"],
        ),
        (BOTH, _made(faceid=YES), ["result_ref1"]),
    ],
)
def test_a_reason_has_its_figures(face: Json, comparisons: Json, details: list[str]) -> None:
    judgement = judge(passing_facts(comparisons=comparisons), policy_with(face=face))
    assert [reason.detail for reason in judgement.reasons] == details
