"""Links: their words in the store, the bounds that the documentation promises, and that none has a secret."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.people.links import LONGEST, SHORTEST, Link, Purpose
from domain.people.person import Person, PersonRef
from tests.support.storage.stores import NOW

PAGE = Path(__file__).parents[3] / "docs" / "people.md"
LI_NA = Person(id=UUID(int=7), name="li.na", created_at=NOW)


@pytest.mark.parametrize(("word", "purpose"), [("invite", Purpose.INVITE), ("sign_in", Purpose.SIGN_IN)])
def test_a_stored_word_is_a_purpose(word: str, purpose: Purpose) -> None:
    assert Purpose(word) is purpose
    assert str(purpose) == word


@pytest.mark.parametrize("word", ["", "INVITE", "reset"])
def test_another_word_is_no_purpose(word: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Purpose"):
        Purpose(word)


def test_the_bounds_are_the_documented_ones() -> None:
    minutes, hours = SHORTEST // timedelta(minutes=1), LONGEST // timedelta(hours=1)
    assert f"{minutes} minutes to {hours} hours" in PAGE.read_text("utf-8")


def test_a_link_names_its_person_and_has_no_secret() -> None:
    link = Link(LI_NA.ref, Purpose.INVITE, NOW + SHORTEST)
    assert link.person == PersonRef(UUID(int=7), "li.na")
    assert link.__struct_fields__ == ("person", "purpose", "ends_at")
    assert link != Link(LI_NA.ref, Purpose.SIGN_IN, NOW + SHORTEST)
