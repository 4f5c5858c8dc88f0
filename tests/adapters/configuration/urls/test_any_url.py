"""Whatever a password holds, it is read as it is or refused without a word of it."""

import string
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.configuration.urls.database_url import read_database_url
from adapters.configuration.urls.redis_url import read_redis_url

SECRET = "S3CRET"


def redis_password(url: str) -> Any:
    return read_redis_url(url).arguments.get("password")


def database_password(url: str) -> Any:
    return read_database_url(url).get("password")


READERS = pytest.mark.parametrize(
    ("read", "form"),
    [(redis_password, "redis://u:{}@h:1/0"), (database_password, "postgresql://u:{}@h:1/d?sslmode=require")],
    ids=["redis", "database"],
)
Reader = Callable[[str], Any]


@READERS
@given(password=st.text(min_size=1))
def test_an_escaped_password_is_read_as_it_is(read: Reader, form: str, password: str) -> None:
    assert read(form.format(quote(password, safe=""))) == password


@READERS
@given(tail=st.text(string.ascii_letters + string.punctuation.replace("%", "") + " "))
def test_a_password_with_url_characters_is_read_or_refused_without_quoting_it(
    read: Reader, form: str, tail: str
) -> None:
    found, refusal = read_or_refuse(read, form.format(f"{SECRET}{tail}"))
    assert SECRET not in refusal
    if refusal:
        assert set("/?#@") & set(tail), "nothing else in a password needs an escape"
    else:
        assert found == f"{SECRET}{tail}"


@READERS
@given(data=st.data())
def test_a_url_with_one_character_too_many_or_another_is_never_repeated(
    read: Reader, form: str, data: st.DataObject
) -> None:
    url = form.format(SECRET)
    place = data.draw(st.integers(0, len(url)))
    taken = data.draw(st.integers(0, 2))
    url = url[:place] + data.draw(st.text(max_size=3)) + url[place + taken :]
    _, refusal = read_or_refuse(read, url)
    assert SECRET not in refusal
    assert "\n" not in refusal


def read_or_refuse(read: Reader, url: str) -> tuple[Any, str]:
    try:
        return read(url), ""
    except ValueError as error:
        return None, str(error)
