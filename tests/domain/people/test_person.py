"""Login names, disabled persons, actors as text, and the end of a session."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.people.actor import Actor
from domain.people.person import Person, PersonState, normal_name
from domain.people.roles import Grant, Rights, Role
from domain.people.session import end_of
from tests.support.storage.stores import NOW

ID = UUID(int=7)


@pytest.mark.parametrize(
    ("text", "name"),
    [("li.na", "li.na"), (" Li.Na ", "li.na"), ("ＬＩ.na", "li.na"), ("a@b.example", "a@b.example"),
     ("a" * 64, "a" * 64), ("a" * 65, None), ("", None), (".li", None), ("li na", None), ("lі.na", None),
     ("李娜", None), ("a\n", "a"), ("a\x00", None), ("a/b", None), ("<b>", None)],
)  # fmt: skip
def test_login_names(text: str, name: str | None) -> None:
    assert normal_name(text) == name


def test_a_disabled_person_has_no_rights() -> None:
    person = Person(id=ID, name="li.na", grants=(Grant(Role.ADMIN),), created_at=NOW)
    assert person.rights.may("people", "demo")
    disabled = Person(
        id=ID, name="li.na", grants=(Grant(Role.ADMIN),), created_at=NOW, state=PersonState.DISABLED
    )
    assert disabled.rights == Rights()


def test_an_actor_as_text() -> None:
    actors = [
        Actor.person(ID, "li.na", address="192.0.2.1"),
        Actor.token("orders", address=None),
        Actor.command("root"),
        Actor.gateway("worker"),
    ]
    assert [str(actor) for actor in actors] == [
        "person:li.na", "token:orders", "command:root", "gateway:worker",
    ]  # fmt: skip


def test_a_session_ends_when_it_rests_or_is_old() -> None:
    minutes, hours = timedelta(minutes=1), timedelta(hours=1)
    assert end_of(NOW, NOW) == NOW + 30 * minutes
    assert end_of(NOW, NOW + 3 * hours) == NOW + 3 * hours + 30 * minutes
    assert end_of(NOW, NOW + 11 * hours + 50 * minutes) == NOW + 12 * hours
