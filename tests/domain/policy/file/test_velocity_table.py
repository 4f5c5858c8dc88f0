"""`[velocity]`: what it may say."""

import hashlib

import pytest

from domain.errors import PolicyFileError
from domain.policy.file.config import VelocityTable
from domain.policy.file.policy import read_policy

HEAD = 'name = "a"\nversion = "1"\n'


def test_a_text_without_the_table_keeps_its_hash_and_limits_nothing() -> None:
    policy = read_policy(HEAD)
    assert policy.content_hash == hashlib.sha256(HEAD.encode()).hexdigest()
    assert policy.config.velocity == VelocityTable(
        max_same_number_30d=None, max_attempts_24h=None, exceeded="review", missing="review"
    )


@pytest.mark.parametrize(
    ("keys", "is_limited"),
    [
        ("", False),
        ('exceeded = "reject"', False),
        ("max_attempts_24h = 0", True),
        ("max_same_number_30d = 0", True),
        ("max_same_number_30d = 999\nmax_attempts_24h = 998", True),
    ],
)
def test_a_maximum_makes_the_fact_needed(keys: str, is_limited: bool) -> None:
    assert read_policy(f"{HEAD}[velocity]\n{keys}\n").config.velocity.is_limited is is_limited


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (
            "max_attempts_24h = -1",
            r":4: velocity.max_attempts_24h: .*; allowed: a whole number from 0 to 999",
        ),
        ("max_same_number_30d = 1000", r":4: velocity.max_same_number_30d: .* 0 to 999"),
        ("max_same_number_30d = 2.5", r":4: velocity.max_same_number_30d: "),
        ('max_attempts_24h = "3"', r":4: velocity.max_attempts_24h: "),
        ('exceeded = "ignore"', r':4: velocity.exceeded: .*; allowed: "reject", "review"'),
        ('missing = "ignore"', r':4: velocity.missing: .*; allowed: "reject", "review"'),
        (
            "max_attempts_24 = 3",
            r":4: velocity.max_attempts_24: unknown key, did you mean `max_attempts_24h`",
        ),
        ("max_same_number_30d = 3\nmax_attempts_24h = 3", r":5: velocity.max_attempts_24h: not below"),
    ],
)
def test_mistakes_are_named(line: str, what: str) -> None:
    with pytest.raises(PolicyFileError, match=what):
        read_policy(f"{HEAD}[velocity]\n{line}\n", file="p.toml")
