"""When a session ends, what a log shows of it, and the token of its forms."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.people.actor import Actor
from domain.people.person import Person
from domain.people.roles import Rights
from domain.people.session import IDLE, LONGEST, Session, csrf_of, end_of
from tests.support.storage.stores import NOW

PAGE = Path(__file__).parents[3] / "docs" / "people.md"
LI_NA = Person(id=UUID(int=7), name="li.na", created_at=NOW)
SESSION = Session(
    id=UUID(int=3),
    person=LI_NA,
    rights=Rights(),
    csrf=csrf_of("cookie"),
    signed_in_at=NOW,
    seen_at=NOW,
    ends_at=NOW + IDLE,
)
MOMENT = timedelta(microseconds=1)


def test_the_times_are_the_documented_ones() -> None:
    minutes, hours = IDLE // timedelta(minutes=1), LONGEST // timedelta(hours=1)
    text = f"A session ends after {minutes} minutes without use and after {hours} hours in any case."
    assert text in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    ("used_after", "lives"),
    [
        (timedelta(), IDLE),
        (MOMENT, IDLE + MOMENT),
        (LONGEST - IDLE - MOMENT, LONGEST - MOMENT),
        (LONGEST - IDLE, LONGEST),
        (LONGEST - IDLE + MOMENT, LONGEST),
        (LONGEST, LONGEST),
        (10 * LONGEST, LONGEST),
    ],
)
def test_use_prolongs_a_session_up_to_its_longest_life(used_after: timedelta, lives: timedelta) -> None:
    assert end_of(NOW, NOW + used_after) == NOW + lives


@pytest.mark.parametrize("address", ["192.0.2.1", None])
def test_what_a_session_does_its_person_does_from_there(address: str | None) -> None:
    assert SESSION.actor(address) == Actor.person(UUID(int=7), "li.na", address=address)


def test_a_log_shows_neither_the_token_of_forms_nor_the_rights() -> None:
    assert repr(SESSION) == f"Session(id={UUID(int=3)!r}, person='li.na')"
    assert SESSION.csrf not in f"{[SESSION]}"


@pytest.mark.parametrize("cookie", ["", "cookie", "曲奇", "\ud800", "x" * 10_000])
def test_the_token_of_forms_is_43_characters_that_need_no_quotes(cookie: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{43}", csrf_of(cookie))
    assert csrf_of(cookie) == csrf_of(cookie)


def test_the_token_of_forms_is_an_hmac_under_the_cookie() -> None:
    digest = hmac.new(b"cookie", b"faceid-gateway form token", hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(csrf_of("cookie") + "=") == digest


def test_every_cookie_has_a_token_of_forms_that_does_not_show_it() -> None:
    cookies = ["", "cookie", "Cookie", "cookie ", "cookies"]
    assert len({csrf_of(each) for each in cookies}) == len(cookies)
    assert "cookie" not in csrf_of("cookie")
