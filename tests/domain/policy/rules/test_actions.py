"""Each finding that a policy has an action for, under each action."""

import pytest

from domain.model import Outcome
from domain.policy.decide import judge
from tests.support.payloads.callbacks import GENUINE, Json, every_action, judged, passing_facts, policy_with

APPROVED, REJECTED, REVIEW, _ = Outcome
OUTCOME_OF = {"reject": REJECTED, "review": REVIEW, "ignore": APPROVED}
VERDICT_OF = {"reject": "reject", "review": "review", "ignore": "ignored"}


def _scored(**values: float) -> Json:
    return {"genuineness": GENUINE | values}


ALWAYS: list[tuple[str, str, Json, str]] = [
    ("genuineness", "synthetic_face", _scored(synthetic_face_confidence=0.501), "attack.synthetic_face"),
    ("genuineness", "mask", _scored(mask_confidence=0.501), "attack.mask"),
    ("genuineness", "screen_replay", _scored(screen_replay_confidence=0.501), "attack.screen_replay"),
    ("genuineness", "face_replaced", _scored(face_replaced=1), "attack.face_replaced"),
    ("genuineness", "selfie_inconsistent", _scored(selfie_inconsistent=1), "attack.selfie_inconsistent"),
    (
        "genuineness",
        "selfie_metadata_inconsistent",
        _scored(selfie_metadata_inconsistent=2),
        "attack.selfie_inconsistent",
    ),
    ("genuineness", "other", _scored(deepfake_confidence=0.99, deepfake_threshold=0.5), "attack.other"),
    ("genuineness", "other", _scored(deepfake_confidence=99, deepfake_threshold=50), "attack.other"),
    ("genuineness", "other", _scored(injected_camera=1), "attack.other"),
    ("genuineness", "incomplete_pair", _scored(deepfake_confidence=0.1), "attack.other"),
    ("genuineness", "incomplete_pair", _scored(deepfake_threshold=0.5), "attack.other"),
    ("genuineness", "incomplete_pair", {"genuineness": {"mask_confidence": 0.1}}, "attack.mask"),
    ("genuineness", "incomplete_pair", {"genuineness": {"mask_threshold": 0.5}}, "attack.mask"),
    ("genuineness", "missing", {"genuineness": {}}, "attack.scores_missing"),
    ("genuineness", "missing", {"genuineness": {"face_replaced": 0}}, "attack.scores_missing"),
    ("id_exceptions", "id_attacked", {"id_attacked": 1}, "id.attacked"),
    ("id_exceptions", "id_photo_monochrome", {"id_photo_monochrome": 1}, "id.photo_monochrome"),
    ("multifaces", "detected", {"multifaces_tag": "1"}, "multifaces.detected"),
    ("payload", "irregular", {"irregular": ("x",), "registration": "match"}, "payload.unreadable"),
    ("id_card", "expired", {"card": "expired"}, "id.expired"),
    ("id_card", "expired", {"card": "not_yet_valid"}, "id.expired"),
    ("id_card", "legality", {"legality": {"front.screen": 0.501}}, "id.legality"),
    ("id_card", "logic", {"illogical": ("front.name",)}, "id.logic"),
    ("id_card", "quality", {"qualities": {"front.name": 0.752}}, "id.quality"),
]
DOUBTS: list[tuple[str, str, Json, str]] = [
    ("face", "missing", {"comparisons": {}}, "face.missing"),
    ("liveness", "failed", {"liveness": "FAIL"}, "liveness.failed"),
    ("liveness", "missing", {"liveness": None}, "liveness.missing"),
    ("liveness", "missing", {"liveness": "OTHER"}, "liveness.missing"),
    ("will", "failed", {"will": "FAIL"}, "will.failed"),
    ("will", "missing", {"procedure_type": "will"}, "will.missing"),
    ("will", "missing", {"will": "OTHER"}, "will.missing"),
    ("verify_errors", "NO_SUCH_ID_NUMBER", {"error_message": "NO_SUCH_ID_NUMBER"}, "id.no_such_number"),
    (
        "verify_errors",
        "ID_NUMBER_NAME_NOT_MATCH",
        {"error_message": "ID_NUMBER_NAME_NOT_MATCH"},
        "id.name_mismatch",
    ),
    ("verify_errors", "NO_FACE_FOUND", {"error_message": "NO_FACE_FOUND[image_ref1]"}, "face.not_found"),
    (
        "verify_errors",
        "IMAGE_ERROR_UNSUPPORTED_FORMAT",
        {"error_message": "NO_FACE_FOUND: data_source"},
        "id.no_photo",
    ),
    (
        "verify_errors",
        "NO_FACE_FOUND",
        {"error_message": "NO_FACE_FOUND: data_source", "edition": 1},
        "face.not_found",
    ),
    (
        "verify_errors",
        "IMAGE_ERROR_UNSUPPORTED_FORMAT",
        {"error_message": "IMAGE_ERROR_UNSUPPORTED_FORMAT: data_source"},
        "id.no_photo",
    ),
    (
        "verify_errors",
        "DATA_SOURCE_ERROR",
        {"error_message": "DATA_SOURCE_ERROR"},
        "vendor.data_source_error",
    ),
    ("verify_errors", "INTERNAL_ERROR", {"error_message": "INTERNAL_ERROR"}, "vendor.internal_error"),
    ("verify_errors", "unknown", {"error_message": "SOMETHING_NEW"}, "vendor.unknown_error"),
]


@pytest.mark.parametrize(
    ("table", "key", "changes", "code", "action"),
    [(*row, action) for row in ALWAYS for action in ("ignore", "review", "reject")]
    + [(*row, action) for row in DOUBTS for action in ("review", "reject")],
)
def test_what_a_finding_means(table: str, key: str, changes: Json, code: str, action: str) -> None:
    facts, policy = passing_facts(**changes), policy_with(**{table: {key: action}})
    assert judged(facts, policy) == (OUTCOME_OF[action], [] if action == "ignore" else [code])
    [run] = [run for run in judge(facts, policy).rules if run.verdict != "passed"]
    assert (run.verdict, [reason.code.value for reason in run.reasons]) == (VERDICT_OF[action], [code])


def test_every_action_is_a_row() -> None:
    rows = {(table, key) for table, key, *_ in ALWAYS + DOUBTS}
    elsewhere = {
        ("liveness", "exceeded"),
        ("velocity", "exceeded"),
        ("velocity", "missing"),
        ("confirmation", "unavailable"),
        ("confirmation", "disagreement"),
    }
    assert rows | elsewhere == set(every_action())


@pytest.mark.parametrize("action", ["ignore", "review", "reject"])
@pytest.mark.parametrize(
    ("score", "threshold"), [(1.1, 0.5), (-0.1, 0.5), (0.5, 1.1), (0.5, -0.1), (float("nan"), 0.5)]
)
def test_a_score_out_of_range_is_for_a_person_whatever_the_signals_action(
    action: str, score: float, threshold: float
) -> None:
    facts = passing_facts(**_scored(mask_confidence=score, mask_threshold=threshold))
    policy = policy_with(genuineness={"mask": action, "incomplete_pair": action})
    assert judged(facts, policy) == (REVIEW, ["attack.mask"])


@pytest.mark.parametrize("value", [-1, 0.5, 1, 2])
@pytest.mark.parametrize(
    ("fact", "table", "key"),
    [
        ("id_attacked", "id_exceptions", "id_attacked"),
        ("id_photo_monochrome", "id_exceptions", "id_photo_monochrome"),
    ],
)
def test_an_exception_is_whatever_is_not_zero(fact: str, table: str, key: str, value: float) -> None:
    policy = policy_with(**{table: {key: "reject"}})
    assert judged(passing_facts(**{fact: value}), policy)[0] is REJECTED
    assert judged(passing_facts(**{fact: 0}), policy)[0] is APPROVED
    assert judged(passing_facts(**{fact: None}), policy)[0] is APPROVED


def test_the_heaviest_finding_decides_and_is_listed_first() -> None:
    facts = passing_facts(
        genuineness=GENUINE | {"mask_confidence": 0.9, "face_replaced": 1}, multifaces_tag="1", id_attacked=1
    )
    policy = policy_with(
        genuineness={"mask": "review", "face_replaced": "ignore"},
        multifaces={"detected": "reject"},
        id_exceptions={"id_attacked": "review"},
    )
    assert judged(facts, policy) == (REJECTED, ["multifaces.detected", "attack.mask", "id.attacked"])
    verdicts = {run.rule: run.verdict for run in judge(facts, policy).rules if run.verdict != "passed"}
    assert verdicts == {"genuineness": "review", "id_exceptions": "review", "multifaces": "reject"}
