"""A row holds what PostgreSQL can keep and every program prints in the same way."""

from typing import Any

import pytest

from domain.audit.action import Action
from domain.audit.row import LONGEST, AuditRow


def row(**changes: Any) -> AuditRow:
    return AuditRow(**{"action": Action.TOKEN_CREATED, "actor": "command:root"} | changes)


def test_a_text_is_made_storable() -> None:
    made = row(subject="a\0b\ud800", reason="x" * (LONGEST + 1), detail={"k\0": ["\0"]})
    assert (made.subject, made.detail) == ("a?b?", {"k?": ["?"]})
    assert made.reason == "x" * LONGEST


@pytest.mark.parametrize("value", [1.5, b"x", {1}, [{"deep": 0.1}]])
def test_a_value_that_programs_print_in_two_ways_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="in a row of the audit"):
        row(detail={"value": value})


def test_whole_numbers_words_and_nothing_are_allowed() -> None:
    detail = {"count": 2**70, "more": True, "app": None, "scopes": ("a", "b"), "in": {"deep": 1}}
    assert row(detail=detail).detail == detail | {"scopes": ["a", "b"]}
