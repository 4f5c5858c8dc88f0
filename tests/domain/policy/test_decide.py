"""Every branch of every rule is one row: the facts that differ from a pass, the outcome, the reasons."""

from math import nan

import pytest

from domain.model import Outcome
from domain.policy.decide import judge
from domain.policy.facts.facts import Facts
from domain.policy.rules.rules import RULES, RuleRun
from tests.support.payloads.callbacks import (
    GENUINE,
    Json,
    compared,
    decoded_facts,
    default_policy,
    judged,
    load_sample,
    passing_facts,
)

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome


def test_every_proof_together_is_a_pass() -> None:
    assert judged(passing_facts()) == (APPROVED, [])


def test_every_rule_that_ran_is_listed() -> None:
    judgement = judge(passing_facts(multifaces_tag="1", id_photo_monochrome=1), default_policy())
    verdicts = {
        run.rule: (run.verdict, [reason.code.value for reason in run.reasons]) for run in judgement.rules
    }
    assert verdicts == {name: ("passed", []) for name, _ in RULES} | {
        "multifaces": ("review", ["multifaces.detected"]),
        "id_exceptions": ("ignored", ["id.photo_monochrome"]),
    }
    assert [run.rule for run in judgement.rules] == [name for name, _ in RULES]
    assert [reason.code.value for reason in judgement.reasons] == ["multifaces.detected"]


def test_nothing_at_all_is_no_pass() -> None:
    assert judged(Facts()) == (REVIEW, ["flow.unknown_status", "liveness.missing", "face.missing"])


def test_ok_alone_is_no_pass() -> None:
    assert judged(Facts(status="OK")) == (REVIEW, ["liveness.missing", "face.missing"])


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (None, REVIEW, "flow.unknown_status"),
        ("NOT_STARTED", REVIEW, "flow.unknown_status"),
        ("PROCESSING", REVIEW, "flow.unknown_status"),
        ("OTHER", REVIEW, "flow.unknown_status"),
        ("ok", REVIEW, "flow.unknown_status"),
        ("OK ", REVIEW, "flow.unknown_status"),
        ("CANCELLED", INCOMPLETE, "flow.cancelled"),
        ("TIMEOUT", INCOMPLETE, "flow.timeout"),
        ("FAILED", INCOMPLETE, "flow.failed"),
        ("WEBRTC_UNSUPPORTED", INCOMPLETE, "flow.webrtc_unsupported"),
    ],
)
def test_status(status: str | None, outcome: Outcome, code: str) -> None:
    assert judged(passing_facts(status=status)) == (outcome, [code])


@pytest.mark.parametrize("status", ["CANCELLED", "TIMEOUT", "FAILED", "WEBRTC_UNSUPPORTED"])
def test_an_unfinished_flow_is_incomplete_whatever_its_other_content(status: str) -> None:
    """Facts of the first edition: later ones name signs of an attack, too."""
    facts = Facts(status=status, liveness="FAIL", genuineness={"face_replaced": 1})
    judgement = judge(facts, default_policy())
    assert judgement.outcome is INCOMPLETE
    assert judgement.rules == (RuleRun("status", "incomplete", judgement.reasons),)
    assert len(judgement.reasons) == 1


SCORES = ["synthetic_face", "mask", "screen_replay"]


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(
    ("score", "threshold", "outcome"),
    [
        pytest.param(0.5, 0.5, APPROVED, id="equal-is-no-attack"),
        pytest.param(0.499, 0.5, APPROVED, id="below"),
        pytest.param(0.501, 0.5, REJECTED, id="above"),
        pytest.param(0.0, 0.0, APPROVED, id="zeros"),
        pytest.param(0.1, 0.0, REJECTED, id="above-zero"),
        pytest.param(None, None, APPROVED, id="pair-missing"),
        pytest.param(0.1, None, REVIEW, id="threshold-missing"),
        pytest.param(0.0, None, REVIEW, id="zero-without-threshold"),
        pytest.param(None, 0.5, REVIEW, id="score-missing"),
        pytest.param(None, 0.0, REVIEW, id="score-missing-threshold-zero"),
    ],
)
def test_attack_scores(name: str, score: float | None, threshold: float | None, outcome: Outcome) -> None:
    pair = {f"{name}_confidence": score, f"{name}_threshold": threshold}
    genuineness = {key: value for key, value in (GENUINE | pair).items() if value is not None}
    codes = [] if outcome is APPROVED else [f"attack.{name}"]
    assert judged(passing_facts(genuineness=genuineness)) == (outcome, codes)


@pytest.mark.parametrize("flag", ["face_replaced", "selfie_inconsistent", "selfie_metadata_inconsistent"])
@pytest.mark.parametrize(
    ("value", "outcome"), [(0, APPROVED), (1, REJECTED), (2, REJECTED), (-1, REJECTED), (nan, REJECTED)]
)
def test_attack_flags(flag: str, value: float, outcome: Outcome) -> None:
    code = "attack.face_replaced" if flag == "face_replaced" else "attack.selfie_inconsistent"
    facts = passing_facts(genuineness=GENUINE | {flag: value})
    assert judged(facts) == (outcome, [] if outcome is APPROVED else [code])


def test_a_payload_without_genuineness_shows_no_attack() -> None:
    assert judged(passing_facts(genuineness={})) == (APPROVED, [])


@pytest.mark.parametrize(
    ("changes", "outcome", "codes"),
    [
        pytest.param({"liveness": "FAIL"}, REJECTED, ["liveness.failed"], id="liveness-failed"),
        pytest.param({"liveness": "OTHER"}, REVIEW, ["liveness.missing"], id="liveness-unknown"),
        pytest.param({"liveness": None}, REVIEW, ["liveness.missing"], id="liveness-missing"),
        pytest.param({"id_attacked": 1}, REVIEW, ["id.attacked"], id="id-attacked"),
        pytest.param({"id_attacked": nan}, REVIEW, ["id.attacked"], id="id-attacked-nan"),
        pytest.param({"id_attacked": None}, APPROVED, [], id="id-attacked-missing"),
        pytest.param({"procedure_type": "will", "will": "PASS"}, APPROVED, [], id="will-passed"),
        pytest.param({"procedure_type": "will", "will": "FAIL"}, REJECTED, ["will.failed"], id="will-failed"),
        pytest.param(
            {"procedure_type": "will", "will": "OTHER"}, REVIEW, ["will.missing"], id="will-unknown"
        ),
        pytest.param({"procedure_type": "will", "will": None}, REVIEW, ["will.missing"], id="will-missing"),
        pytest.param(
            {"procedure_type": "video", "will": "FAIL"}, REJECTED, ["will.failed"], id="will-unasked"
        ),
        pytest.param({"procedure_type": "video", "will": "OTHER"}, REVIEW, ["will.missing"], id="will-odd"),
        pytest.param({"procedure_type": None, "will": None}, APPROVED, [], id="will-not-asked-for"),
        pytest.param({"multifaces_tag": "0"}, APPROVED, [], id="one-face"),
        pytest.param({"multifaces_tag": None}, APPROVED, [], id="faces-not-counted"),
        pytest.param({"multifaces_tag": "1"}, REVIEW, ["multifaces.detected"], id="several-faces"),
        pytest.param({"multifaces_tag": "OTHER"}, REVIEW, ["multifaces.detected"], id="unknown-tag"),
    ],
)
def test_rules_of_one_fact(changes: Json, outcome: Outcome, codes: list[str]) -> None:
    assert judged(passing_facts(**changes)) == (outcome, codes)


@pytest.mark.parametrize(
    ("message", "outcome", "code"),
    [
        ("NO_SUCH_ID_NUMBER", REJECTED, "id.no_such_number"),
        ("ID_NUMBER_NAME_NOT_MATCH", REJECTED, "id.name_mismatch"),
        ("NO_FACE_FOUND", REJECTED, "face.not_found"),
        ("NO_FACE_FOUND: image_ref1", REJECTED, "face.not_found"),
        ("IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source", REVIEW, "id.no_photo"),
        ("DATA_SOURCE_ERROR", REVIEW, "vendor.data_source_error"),
        ("INTERNAL_ERROR", REVIEW, "vendor.internal_error"),
        ("SOMETHING_NEW", REVIEW, "vendor.unknown_error"),
        ("OTHER", REVIEW, "vendor.unknown_error"),
    ],
)
def test_an_error_of_the_comparison_does_not_hide_other_reasons(
    message: str, outcome: Outcome, code: str
) -> None:
    assert judged(passing_facts(error_message=message)) == (outcome, [code])
    assert judged(passing_facts(error_message=message, comparisons={}))[1][0] == code


def test_every_reason_is_listed_heaviest_first_with_its_figures() -> None:
    facts = passing_facts(
        liveness=None,
        genuineness=GENUINE | {"synthetic_face_confidence": 0.88, "selfie_metadata_inconsistent": 2},
        comparisons=compared(41.206),
        id_attacked=1,
    )
    judgement = judge(facts, default_policy())
    assert judgement.outcome is REJECTED
    assert [(reason.code.value, reason.detail) for reason in judgement.reasons] == [
        ("attack.synthetic_face", "0.88 > 0.5"),
        ("attack.selfie_inconsistent", "selfie_metadata_inconsistent = 2"),
        ("face.below_threshold", "41.206 < 64 (1e-3)"),
        ("liveness.missing", ""),
        ("id.attacked", "the number was used in an attack before"),
    ]


@pytest.mark.parametrize(
    ("name", "outcome", "codes"),
    [
        (
            "callback_with_attack.json",
            REJECTED,
            ["attack.synthetic_face", "liveness.missing", "face.below_threshold"],
        ),
        (
            "result_with_attack.json",
            REJECTED,
            ["attack.synthetic_face", "liveness.missing", "face.below_threshold"],
        ),
        ("older_callback_passed.json", REVIEW, ["flow.unknown_status"]),
        ("own_picture_compared.json", REVIEW, ["flow.unknown_status"]),
        (
            "plus_callback_empty_blocks.json",
            REVIEW,
            ["flow.unknown_status", "liveness.missing", "face.missing"],
        ),
    ],
)
def test_samples(name: str, outcome: Outcome, codes: list[str]) -> None:
    assert judged(decoded_facts(load_sample(name))) == (outcome, codes)


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), -0.1, 1.1])
@pytest.mark.parametrize("threshold", [0.5, 50, float("inf"), float("nan")])
def test_a_genuineness_figure_out_of_range_is_doubt(confidence: float, threshold: float) -> None:
    scores = {"synthetic_face_confidence": confidence, "synthetic_face_threshold": threshold}
    assert judged(passing_facts(genuineness=scores)) == (REVIEW, ["attack.synthetic_face"])
