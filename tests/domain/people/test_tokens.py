"""Personal tokens: how they begin, how long they live, and what their scopes leave of a person's rights."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.people.person import PersonRef
from domain.people.roles import SCOPES_OF, Grant, Rights, Role, rights_of
from domain.people.tokens import DEFAULT_LIFE, LONGEST_LIFE, PREFIX, PersonalToken
from tests.support.storage.stores import NOW

PAGE = Path(__file__).parents[3] / "docs" / "people.md"
VIEWER = rights_of([Grant(Role.VIEWER, "demo")])


def token(scopes: tuple[str, ...] | None) -> PersonalToken:
    return PersonalToken(
        id=UUID(int=1),
        name="laptop",
        person=PersonRef(UUID(int=7), "li.na"),
        scopes=scopes,
        created_at=NOW,
        expires_at=NOW + DEFAULT_LIFE,
    )


def test_a_scanner_finds_the_documented_prefix() -> None:
    assert f"begins with `{PREFIX}`" in PAGE.read_text("utf-8")
    assert PREFIX.isascii()


def test_a_year_is_the_longest_life() -> None:
    leap_year = NOW.replace(year=2028, month=1, day=1)
    assert leap_year.replace(year=2029) == leap_year + LONGEST_LIFE
    assert timedelta() < DEFAULT_LIFE < LONGEST_LIFE


@pytest.mark.parametrize(
    ("scopes", "left"),
    [(None, VIEWER), ((), Rights()), (("verifications:read",), VIEWER), (("erase",), Rights()),
     (("erase", "verifications:read"), VIEWER)],
)  # fmt: skip
def test_scopes_limit_the_rights_of_the_person_and_add_none(
    scopes: tuple[str, ...] | None, left: Rights
) -> None:
    assert VIEWER.limited_to(token(scopes).scopes) == left


def test_without_scopes_all_rights_of_an_admin_are_kept() -> None:
    admin = rights_of([Grant(Role.ADMIN)])
    assert set(admin.limited_to(token(None).scopes).apps_of) == SCOPES_OF[Role.ADMIN]
    assert set(admin.limited_to(token(("audit", "people")).scopes).apps_of) == {"audit", "people"}


def test_a_token_has_no_secret() -> None:
    assert token(None).__struct_fields__ == ("id", "name", "person", "scopes", "created_at", "expires_at")
