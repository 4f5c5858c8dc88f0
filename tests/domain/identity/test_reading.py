"""A reason says something, and has no ID number."""

import pytest

from domain.identity.reading import SCOPE_OF, Field, NoReason, NumberInReason, checked_reason
from domain.people.roles import SCOPES_OF, Role


@pytest.mark.parametrize("text", ["", " ", "\t\n", "　", "\u200b", "…", "--"])
def test_a_blank_reason_is_none(text: str) -> None:
    with pytest.raises(NoReason):
        checked_reason(text)


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "看一下11010519491231002x的记录",
        "of 110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "ticket 4711 11010519491231002X",
        "4711-110105-19491231-002X",
        "of 110105\u200b19491231\u200b002X",
        "of 110105491231002",
    ],
)
def test_a_reason_with_a_number_is_refused(text: str) -> None:
    with pytest.raises(NumberInReason):
        checked_reason(text)


@pytest.mark.parametrize(
    "text",
    [
        "ticket 4711",
        "客诉 20261128-001",
        "order 110105194912310021",
        "x",
        "order 110105194999990012",
        "order 202611280000123",
    ],
)
def test_any_other_reason_is_kept(text: str) -> None:
    assert checked_reason(f" {text}\n") == text


@pytest.mark.parametrize("odd", ["\x00", "\x1b[2J", "\x9b2J", "\r", "\u202e", "\u2066"])
def test_a_reason_controls_no_terminal(odd: str) -> None:
    assert checked_reason(f"ticket{odd}\n4711").replace("[2J", "").replace("2J", "") == "ticket\n4711"


def test_a_number_behind_control_characters_is_refused() -> None:
    with pytest.raises(NumberInReason):
        checked_reason("110105\x001949\u202e1231002X")


def test_every_field_has_a_scope_that_no_auditor_has() -> None:
    assert set(SCOPE_OF) == set(Field)
    for role in (Role.AUDITOR, Role.ADMIN, Role.OPERATOR, Role.VIEWER):
        assert not SCOPES_OF[role] & set(SCOPE_OF.values())
    assert set(SCOPE_OF.values()) <= SCOPES_OF[Role.REVIEWER]
