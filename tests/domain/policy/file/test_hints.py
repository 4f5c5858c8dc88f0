"""The message about a mistake in a policy file names the allowed values and the probable key."""

import pytest

from domain.callback.parts import COMPARISONS
from domain.policy.file.policy import read_policy
from tests.support.payloads.callbacks import (
    decoded_facts,
    load_sample,
    passing_payload,
    policy_text,
    put,
)
from tests.support.policies.policy_files import HEAD, mistake, wrong

ACTIONS = 'allowed: "reject", "review", "ignore"'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('[genuineness]\nmask = "Reject"', f"4: genuineness.mask: invalid enum value 'Reject'; {ACTIONS}"),
        (
            "[face]\napprove_level = 1e-5",
            '4: face.approve_level: expected `str`, got `float`; allowed: "1e-3", "1e-4", "1e-5", "1e-6"',
        ),
        (
            '[face]\nmin_confidence = "60"',
            "4: face.min_confidence: expected `float`, got `str`; allowed: 0 to 100",
        ),
        (
            '[face]\ncomparisons = "all"',
            "4: face.comparisons: invalid enum value 'all'; allowed: \"auto\" or a list of "
            + ", ".join(f'"{name}"' for name in sorted(COMPARISONS)),
        ),
        (
            "[liveness.max_counts]\nNO_AUDIO = -1",
            "4: liveness.max_counts.NO_AUDIO: expected `int` >= 0; allowed: a whole number from 0",
        ),
        (
            '[confirmation]\nmode = "must"',
            '4: confirmation.mode: invalid enum value \'must\'; allowed: "required", "preferred", "off"',
        ),
        ("face = 3", "3: face: expected `object`, got `int`; allowed: a table"),
        ('[face]\nneedd = "any"', "4: face.needd: unknown key, did you mean `need`?"),
        ("[livness]", "3: livness: unknown key, did you mean `liveness`?"),
        (
            '[verify_errors]\nno_such_id_number = "reject"',
            "4: verify_errors.no_such_id_number: unknown key, did you mean `NO_SUCH_ID_NUMBER`?",
        ),
    ],
)
def test_the_message_helps(body: str, message: str) -> None:
    assert wrong(f"{HEAD}{body}\n") == f"p.toml:{message}"


@pytest.mark.parametrize("counter", ["FACE_NOT_FOUN", "face_not_found", "FACE_NOT_FOUND.face_front", "a"])
def test_a_counter_that_is_never_counted_is_amistake(counter: str) -> None:
    body = f'[liveness.max_counts]\nNO_AUDIO = 1\n"{counter}" = 5'
    assert mistake(f"{HEAD}{body}\n") == f"p.toml:5: liveness.max_counts.{counter}: unknown counter"


@pytest.mark.parametrize(
    "sample", ["callback_with_attack.json", "result_with_attack.json", "selfie_liveness_block.json"]
)
def test_every_counter_of_the_samples_may_be_limited(sample: str) -> None:
    tree = load_sample(sample)
    block = tree if "details" in tree else tree["liveness_result"]
    attempts = decoded_facts(put(passing_payload(), "liveness_result", block)).attempts
    assert attempts
    assert read_policy(policy_text(liveness={"max_counts": attempts})).config.liveness.max_counts == attempts


def test_a_comparison_that_counts_twice_is_amistake() -> None:
    body = '[face]\ncomparisons = ["result_ref1", "result_faceid", "result_ref1"]'
    assert wrong(f"{HEAD}{body}\n") == "p.toml:4: face.comparisons: one of them appears twice"
