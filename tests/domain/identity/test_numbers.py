"""One form for one number, and a named error for what is none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.numbers import (
    EmptyNumber,
    LettersInNumber,
    WrongCheckDigit,
    WrongLength,
    WrongNumber,
    canonical,
    normalize,
    with_check_digit,
)

NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "11010519491231002x",
        " 110105 19491231 002X\n",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ",
        "　11010519491231002X　",
        "\ufeff11010519491231002X\u200b",
        "110105491231002",
        "１１０１０５ ４９１２３１ ００２",
    ],
)
def test_however_it_is_written_it_is_one_number(text: str) -> None:
    assert normalize(text) == NUMBER


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyNumber),
        (" \t　", EmptyNumber),
        ("E12345678", LettersInNumber),
        ("11010519491231X02", LettersInNumber),
        ("1101054912310X", LettersInNumber),
        ("11010549123100X", LettersInNumber),
        ("11010519491231002Y", LettersInNumber),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢٣", LettersInNumber),
        ("陈大文", LettersInNumber),
        ("1101051949123100", WrongLength),
        ("1101051949123100200", WrongLength),
        ("1", WrongLength),
        ("110105194912310021", WrongCheckDigit),
        ("110105194912310020", WrongCheckDigit),
        ("11010519491232002X", WrongCheckDigit),
    ],
)
def test_what_is_no_number_has_a_named_error(text: str, error: type[WrongNumber]) -> None:
    with pytest.raises(error) as refused:
        normalize(text)
    assert str(refused.value) == ""


@given(st.text(alphabet="0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_found(digits: str, place: int, by: int) -> None:
    number = with_check_digit(digits)
    assert normalize(number) == number
    wrong = str((int(number[place]) + by) % 10)
    with pytest.raises(WrongCheckDigit):
        normalize(number[:place] + wrong + number[place + 1 :])


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_a_named_error(text: str) -> None:
    with suppress(WrongNumber):
        assert len(normalize(text)) == 18


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("", None), (" ", None), ("110105491231002", NUMBER), ("e 123-45", "E12345")],
)
def test_other_documents_are_indexed_as_they_are(text: str | None, expected: str | None) -> None:
    assert canonical(text) == expected
