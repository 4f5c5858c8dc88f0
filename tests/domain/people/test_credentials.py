"""No secret of a person gets into a log by way of a repr."""

from uuid import UUID

from domain.people.credentials import Credentials
from domain.people.entry import Origin
from domain.people.person import Person
from tests.support.storage.stores import NOW

LI_NA = Person(id=UUID(int=7), name="li.na", created_at=NOW)


def test_credentials_show_the_name_alone() -> None:
    credentials = Credentials(LI_NA, "$argon2id$hash", "JBSWY3DPEHPK3PXP", 58_000_001)
    assert repr(credentials) == f"{credentials}" == "Credentials('li.na')"
    assert repr([credentials]) == "[Credentials('li.na')]"


def test_a_person_without_a_second_factor_has_used_no_step() -> None:
    known = Credentials(LI_NA, None)
    assert (known.password_hash, known.code_secret, known.code_used) == (None, None, 0)


def test_an_origin_shows_the_address_and_not_the_cookie() -> None:
    assert repr(Origin("192.0.2.1", "cookie", "zh")) == "Origin('192.0.2.1')"
    assert repr(Origin(None, "cookie")) == "Origin(None)"
