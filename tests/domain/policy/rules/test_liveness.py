"""Counters of failed attempts, and the declaration of intent."""

import pytest

from domain.model import Outcome
from domain.policy.decide import judge
from tests.support.payloads.callbacks import (
    Json,
    decoded_facts,
    judged,
    load_sample,
    passing_facts,
    passing_payload,
    policy_with,
    put,
)

APPROVED, REJECTED, REVIEW, _ = Outcome
ATTEMPTS = "liveness.attempts"


@pytest.mark.parametrize(
    ("attempts", "max_counts", "details"),
    [
        pytest.param({"FACE_NOT_FOUND": 9}, {}, [], id="no-maximum"),
        pytest.param({}, {"FACE_NOT_FOUND": 0}, [], id="never-failed"),
        pytest.param({"FACE_NOT_FOUND": 0}, {"FACE_NOT_FOUND": 0}, [], id="zero-of-zero"),
        pytest.param({"FACE_NOT_FOUND": 5}, {"FACE_NOT_FOUND": 5}, [], id="equal"),
        pytest.param({"FACE_NOT_FOUND": 6}, {"FACE_NOT_FOUND": 5}, ["FACE_NOT_FOUND 6 > 5"], id="over"),
        pytest.param(
            {"FACE_NOT_FOUND": 1}, {"FACE_NOT_FOUND": 0}, ["FACE_NOT_FOUND 1 > 0"], id="one-of-zero"
        ),
        pytest.param({"NO_AUDIO": 9}, {"FACE_NOT_FOUND": 5}, [], id="another"),
        pytest.param(
            {"NO_AUDIO": 9, "FACE_NOT_FOUND": 9},
            {"FACE_NOT_FOUND": 5, "NO_AUDIO": 8},
            ["FACE_NOT_FOUND 9 > 5", "NO_AUDIO 9 > 8"],
            id="two",
        ),
        pytest.param(
            {"face_front.FACE_NOT_FOUND": 2, "face_side.FACE_NOT_FOUND": 3},
            {"FACE_NOT_FOUND": 5},
            [],
            id="selfies-together-equal",
        ),
        pytest.param(
            {"face_front.FACE_NOT_FOUND": 3, "face_side.FACE_NOT_FOUND": 3},
            {"FACE_NOT_FOUND": 5},
            ["FACE_NOT_FOUND 6 > 5"],
            id="selfies-together-over",
        ),
        pytest.param(
            {"face_front.FACE_NOT_FOUND": 3, "face_side.FACE_NOT_FOUND": 9},
            {"face_front.FACE_NOT_FOUND": 2},
            ["face_front.FACE_NOT_FOUND 3 > 2"],
            id="one-selfie",
        ),
        pytest.param({"NOT_FACE_NOT_FOUND": 9}, {"FACE_NOT_FOUND": 5}, [], id="a-name-that-ends-alike"),
        pytest.param(
            {"FACE_NOT_FOUND": 10**30}, {"FACE_NOT_FOUND": 5}, [f"FACE_NOT_FOUND {10**30} > 5"], id="huge"
        ),
    ],
)
def test_counters(attempts: dict[str, int], max_counts: dict[str, int], details: list[str]) -> None:
    policy = policy_with(liveness={"max_counts": max_counts})
    judgement = judge(passing_facts(attempts=attempts), policy)
    assert judgement.outcome is (REVIEW if details else APPROVED)
    assert [(reason.code.value, reason.detail) for reason in judgement.reasons] == [
        (ATTEMPTS, detail) for detail in details
    ]


@pytest.mark.parametrize(
    ("action", "outcome", "codes"),
    [("ignore", APPROVED, []), ("review", REVIEW, [ATTEMPTS]), ("reject", REJECTED, [ATTEMPTS])],
)
def test_what_too_many_attempts_mean(action: str, outcome: Outcome, codes: list[str]) -> None:
    policy = policy_with(liveness={"max_counts": {"NO_AUDIO": 2}, "exceeded": action})
    assert judged(passing_facts(attempts={"NO_AUDIO": 3}), policy) == (outcome, codes)


@pytest.mark.parametrize(("most", "outcome"), [(1, REVIEW), (2, APPROVED)])
def test_the_vendors_selfie_counters_are_added_up(most: int, outcome: Outcome) -> None:
    block = load_sample("selfie_liveness_block.json") | {"result": "PASS", "face_genuineness": {}}
    facts = decoded_facts(put(passing_payload(), "liveness_result", block))
    policy = policy_with(liveness={"max_counts": {"FACE_NOT_FOUND": most}})
    assert judged(facts, policy) == (outcome, [] if outcome is APPROVED else [ATTEMPTS])


def test_the_vendors_misspelt_counter_counts() -> None:
    facts = decoded_facts(
        put(passing_payload(), "liveness_result.details", {"VIDOE_FORMAT_UNSUPPORTED": 2, "NO_AUDIO": None})
    )
    policy = policy_with(liveness={"max_counts": {"VIDEO_FORMAT_UNSUPPORTED": 1, "NO_AUDIO": 0}})
    assert facts.attempts == {"VIDEO_FORMAT_UNSUPPORTED": 2}
    assert judged(facts, policy) == (REVIEW, [ATTEMPTS])


ASKED, FAILED, MISSING = {"procedure_type": "will"}, "will.failed", "will.missing"


@pytest.mark.parametrize(
    ("changes", "when_present", "always", "never"),
    [
        ({"will": "PASS"}, [], [], []),
        ({"will": "FAIL"}, [FAILED], [FAILED], []),
        ({"will": "OTHER"}, [MISSING], [MISSING], []),
        ({"will": "something else"}, [MISSING], [MISSING], []),
        ({"will": None}, [], [MISSING], []),
        (ASKED | {"will": "PASS"}, [], [], []),
        (ASKED | {"will": "FAIL"}, [FAILED], [FAILED], []),
        (ASKED | {"will": "OTHER"}, [MISSING], [MISSING], []),
        (ASKED | {"will": None}, [MISSING], [MISSING], []),
        ({"procedure_type": None, "will": None}, [], [MISSING], []),
    ],
)
def test_when_a_declaration_of_intent_is_needed(
    changes: Json, when_present: list[str], always: list[str], never: list[str]
) -> None:
    said = {"when_present": when_present, "always": always, "never": never}
    for require, codes in said.items():
        policy = policy_with(will={"require": require})
        outcome = {FAILED: REJECTED, MISSING: REVIEW}[codes[0]] if codes else APPROVED
        assert judged(passing_facts(**changes), policy) == (outcome, codes), require
