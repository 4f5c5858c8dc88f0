"""`[review]`: what it may say, and that it decides nothing."""

import hashlib

import pytest

from domain.errors import PolicyFileError
from domain.model import ConfirmationMode
from domain.policy.decide import decide
from domain.policy.evidence import Evidence
from domain.policy.file.config import ReviewTable
from domain.policy.file.policy import read_policy
from domain.policy.reasons import Code
from tests.support.payloads.callbacks import passing_facts, policy_with

HEAD = 'name = "a"\nversion = "1"\n'


def test_a_text_without_the_table_keeps_its_hash_and_gets_the_defaults() -> None:
    policy = read_policy(HEAD)
    assert policy.content_hash == hashlib.sha256(HEAD.encode()).hexdigest()
    assert policy.config.review == ReviewTable(240, {}, ("approved",), 0.0)


def test_priorities_are_named_by_reason() -> None:
    text = f'{HEAD}[review.priority]\ndefault = "low"\n"{Code.ATTACK_MASK}" = "urgent"\n'
    assert read_policy(text).config.review.priority == {"default": "low", "attack.mask": "urgent"}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("minutes = 0", "review.minutes"),
        ("minutes = 43201", "review.minutes"),
        ('four_eyes = ["review"]', "review.four_eyes"),
        ('four_eyes = ["approved", "approved"]', "appears twice"),
        ("second_look = 1.5", "review.second_look"),
        ('priority = { "no.such" = "high" }', "reason code"),
        ('priority = { default = "highest" }', "review.priority"),
        ("hours = 4", "review.hours"),
    ],
)
def test_mistakes_are_named(line: str, what: str) -> None:
    with pytest.raises(PolicyFileError, match=what.replace(".", r"\.")):
        read_policy(f"{HEAD}[review]\n{line}\n")


def test_it_decides_nothing() -> None:
    tables = {"minutes": 5, "four_eyes": [], "second_look": 1.0, "priority": {"default": "urgent"}}
    evidence = Evidence(passing_facts(liveness="FAIL"))
    one, other = (
        decide(evidence, policy=policy, mode=ConfirmationMode.OFF)
        for policy in (policy_with(), policy_with(review=tables))
    )
    assert one == other
