"""Policy files with mistakes in them, read."""

import re

import pytest

from domain.errors import PolicyFileError
from domain.policy.file.policy import read_policy

HEAD = 'name = "p"\nversion = "1"\n'


def wrong(text: str) -> str:
    """The error that a policy file is."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, file="p.toml")
    assert caught.value.__cause__ is None
    return str(caught.value)


def mistake(text: str) -> str:
    """The error without the hint that follows."""
    return re.split(r"; allowed: |, did you mean ", wrong(text))[0]
