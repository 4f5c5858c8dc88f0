"""A row holds what PostgreSQL can keep and every program prints in the same way."""

from typing import Any
from uuid import UUID

import pytest

from domain.audit.action import Action
from domain.audit.row import LONGEST, AuditRow, storable
from domain.people.actor import Actor


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


def test_a_row_names_the_actor_and_where_it_was() -> None:
    person = Actor.person(UUID(int=7), "li.na", address="192.0.2.1")
    made = AuditRow.by(person, Action.TOKEN_CREATED, app_id="demo", subject="orders")
    assert made == row(
        actor="person:li.na", person_id=UUID(int=7), address="192.0.2.1", app_id="demo", subject="orders"
    )


def test_a_command_has_neither_a_person_nor_an_address() -> None:
    made = AuditRow.by(Actor.command("root"), Action.TOKEN_CREATED)
    assert (made.actor, made.person_id, made.address, made.detail) == ("command:root", None, None, {})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("", ""),
        ("李娜😀", "李娜😀"),
        ("x" * LONGEST, "x" * LONGEST),
        ("\udcff\0", "??"),
        (False, False),
        (-1, -1),
        ((), []),
        ({1: ()}, {"1": []}),
        ({"x" * (LONGEST + 1): None}, {"x" * LONGEST: None}),
    ],
)
def test_what_is_kept_of_a_value(value: object, kept: object) -> None:
    assert storable(value) == kept
    assert type(storable(value)) is type(kept)
