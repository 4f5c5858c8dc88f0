"""Explanations of the vendor's samples are those on file; every reason has words in both languages."""

import json

import pytest

from domain.model import Agreement, Basis, ConfirmationMode, Outcome
from domain.policy.decide import UNCONFIRMED, agreement_of
from domain.policy.explanation import Explanation, in_words
from domain.policy.facts.facts import Facts
from domain.policy.reasons import TEXTS, Code, Reason
from tests.domain.golden import CALLBACKS, FOLDER, explanations_on, file_of
from tests.support.payloads.callbacks import (
    SAMPLES,
    decoded_facts,
    default_policy,
    explained,
    load_sample,
    passing_facts,
    policy_with,
    stored_decision,
)

REQUIRED = ConfirmationMode.REQUIRED


@pytest.mark.parametrize("sample", CALLBACKS)
def test_the_explanation_of_a_sample_is_the_one_on_file(sample: str) -> None:
    """Meant to change? `python -m tests.domain.golden`, and read the diff."""
    assert explanations_on(sample) == json.loads(file_of(sample).read_text("utf-8"))


def test_every_callback_among_the_samples_has_its_file() -> None:
    no_callbacks = {
        "name_mismatch_answer.json",
        "result_not_found.json",
        "result_with_attack.json",
        "selfie_liveness_block.json",
    }
    samples = {file.name for file in SAMPLES.iterdir() if file.suffix in {".json", ".txt"}}
    assert samples - no_callbacks == set(CALLBACKS)
    assert {file.name for file in FOLDER.glob("*.json")} == {file_of(sample).name for sample in CALLBACKS}


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words_in_both_languages(code: Code) -> None:
    words = in_words(Reason(code, "0.88 > 0.5"))
    assert words == {
        "code": code.value,
        "detail": "0.88 > 0.5",
        "en": TEXTS[code][0],
        "zh": TEXTS[code][1],
    }
    assert words["en"].isascii()
    assert words["en"]
    assert not words["zh"].isascii()


def _explained(
    callback: Facts | None, result: Facts | None, *, unconfirmed: Reason | None = None
) -> Explanation:
    return explained(stored_decision(callback, result, unconfirmed=unconfirmed))


def test_an_explanation_shows_the_evidence_of_the_decision() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    told = _explained(facts, facts)
    assert (told.outcome, told.agreement, told.confirmation) == (Outcome.REJECTED, "agree", REQUIRED)
    assert told.unconfirmed is None
    assert told.reasons[0] == {
        "code": "attack.synthetic_face",
        "detail": "0.88 > 0.5",
        "en": "The face looks synthetic",
        "zh": "疑似合成人脸攻击",
    }
    assert [(run.rule, run.verdict) for run in told.rules][:2] == [
        ("status", "passed"),
        ("genuineness", "reject"),
    ]
    assert told.rules[1].reasons == (told.reasons[0],)
    assert (told.facts.callback, told.facts.result) == (facts, facts)
    assert told.policy.text == default_policy().text
    assert told.recomputed is not None
    assert (told.recomputed.same, told.recomputed.outcome) == (True, Outcome.REJECTED)


def test_an_explanation_shows_why_there_was_no_result() -> None:
    told = _explained(passing_facts(), None, unconfirmed=Reason(Code.RESULT_EXPIRED))
    assert (told.outcome, told.agreement, told.facts.result) == (Outcome.REVIEW, "unconfirmed", None)
    assert told.unconfirmed is not None
    assert told.unconfirmed["code"] == "result.expired"
    assert told.recomputed is not None
    assert told.recomputed.same


def test_an_explanation_shows_both_sides_of_a_disagreement() -> None:
    told = _explained(passing_facts(), passing_facts(liveness="FAIL"))
    assert told.agreement == "disagree"
    assert [(item.fact, item.callback, item.result) for item in told.disagreements] == [
        ("liveness", "PASS", "FAIL"),
        ("outcome", "approved", "rejected"),
    ]


def test_an_explanation_of_a_result_whose_callback_never_came() -> None:
    told = _explained(None, passing_facts())
    assert (told.outcome, told.basis, told.agreement) == (Outcome.APPROVED, "result", "result_only")
    assert (told.facts.callback, told.facts.result) == (None, passing_facts())
    assert (told.unconfirmed, told.disagreements) == (None, ())
    assert told.recomputed is not None
    assert told.recomputed.same


@pytest.mark.parametrize(
    ("mode", "status", "told"),
    [
        (ConfirmationMode.REQUIRED, "OK", True),
        (ConfirmationMode.PREFERRED, "CANCELLED", True),
        (ConfirmationMode.OFF, "OK", False),
        (ConfirmationMode.REQUIRED, None, False),
        (ConfirmationMode.REQUIRED, "NEW_STATUS", False),
    ],
)
def test_the_reason_for_no_result_is_shown_only_if_one_was_requested(
    mode: ConfirmationMode, status: str | None, told: bool
) -> None:
    stored = stored_decision(passing_facts(status=status), None, mode=mode, unconfirmed=UNCONFIRMED)
    explanation = explained(stored)
    assert (explanation.unconfirmed is not None) is told
    assert explanation.recomputed is not None
    assert explanation.recomputed.same


def test_a_disagreement_from_before_they_were_stored_is_one() -> None:
    assert agreement_of(Basis.RESULT, with_callback=True) is Agreement.DISAGREE


def test_another_text_of_the_policy_is_noticed_though_it_decides_the_same() -> None:
    policy = policy_with()
    stored = stored_decision(passing_facts(), passing_facts(), policy=policy)
    told = explained(stored, policy=policy, text=f"{policy.text}# later\n")
    assert told.recomputed is not None
    assert (told.recomputed.same, told.recomputed.outcome) == (False, Outcome.APPROVED)


@pytest.mark.parametrize("text", ["", "name = ", "[nope]"])
def test_without_a_policys_text_nothing_is_computed_again(text: str) -> None:
    assert explained(stored_decision(passing_facts(), None), text=text).recomputed is None
