"""Which passwords are refused, and that every keyboard's form of one is the same password."""

import pytest

from domain.people.errors import PasswordRefused
from domain.people.passwords import LONGEST, SHORTEST, check_password, normal_password

VARIED = "correct horse battery staple" * 5


def refusal(text: str, *, name: str = "li.na") -> str | None:
    try:
        check_password(text, name=name)
    except PasswordRefused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("length", "code"),
    [(0, "too_short"), (1, "too_short"), (SHORTEST - 1, "too_short"), (SHORTEST, None), (LONGEST, None),
     (LONGEST + 1, "too_long"), (len(VARIED), "too_long")],
)  # fmt: skip
def test_the_bounds_of_the_length(length: int, code: str | None) -> None:
    assert refusal(VARIED[:length]) == code


@pytest.mark.parametrize(
    "text",
    [
        "aaaaaaaaaaaa",
        "aBaBabababab",
        "abcdabcdabcd",
        "a-b-a-b-a-b-c",
        "abcdefghijkl",
        "ABCDEFghijkl",
        "lkjihgfedcba",
        "aabbccddeeff",
        "abcdefghgfedc",
        "0123456789:;",
        "一丁丂七丄丅丆万丈三上下",
    ],
)
def test_few_characters_and_rows_are_too_easy(text: str) -> None:
    assert refusal(text) == "too_easy"


@pytest.mark.parametrize(
    "text",
    ["abcdeabcdeab", "acegikmoqsuw", "abcdefghijkz", "我们的密码很长也很难猜吧", "😀😁😂🤣😃😄😅😆😉😊😋😎"],
)
def test_what_jumps_once_among_five_characters_is_allowed(text: str) -> None:
    assert refusal(text) is None


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("my li.na horse", "li.na", "too_easy"),
        ("my LI.NA horse", "li.na", "too_easy"),
        ("my ＬＩ．ＮＡ horse", "li.na", "too_easy"),
        ("my li na horse", "li.na", None),
        ("wang battery 7", "wang", "too_easy"),
        ("lin battery 79", "lin", None),
        ("a horse battery", "a", None),
        ("correct horse", "", None),
    ],
)
def test_a_password_has_no_login_name_of_four_characters(text: str, name: str, code: str | None) -> None:
    assert refusal(text, name=name) == code


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("correct horse", "correct horse"),
        (" Keeps blanks and CASE ", " Keeps blanks and CASE "),
        ("ｃｏｒｒｅｃｔ　ｈｏｒｓｅ", "correct horse"),
        ("cafe\u0301", "caf\u00e9"),
        ("\ufb01sh", "fish"),
        ("\ud800", "\ud800"),
        ("", ""),
    ],
)
def test_one_password_has_one_form(text: str, normal: str) -> None:
    assert normal_password(text) == normal
    assert normal_password(normal) == normal


def test_a_text_of_any_length_becomes_one_that_is_just_too_long() -> None:
    grows = "\ufdfa"
    assert len(normal_password(grows)) == 18
    for text in (VARIED[: LONGEST + 1], "x1y2z" * 200_000, grows * LONGEST):
        assert len(normal_password(text)) == LONGEST + 1
        assert refusal(text) == "too_long"


def test_the_length_counts_in_the_normal_form() -> None:
    assert refusal("e\u0301ab1c2d3f4g") == "too_short"
    assert refusal("e\u0301ab1c2d3f4g5") is None


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(PasswordRefused) as caught:
        check_password("abcdefghijkl", name="li.na")
    assert str(caught.value) == "too_easy"
