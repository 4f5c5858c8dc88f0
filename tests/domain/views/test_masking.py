"""A masked identity shows the first character of the name and the ends of the number, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model import Identity
from domain.views.masking import mask_id_number, mask_identity, mask_name
from tests.support.payloads.callbacks import QUICK


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("陈大文", "陈**"),
        ("陈文", "陈*"),
        ("古丽·阿依", "古****"),
        ("John Smith", "J*********"),
        (None, None),
    ],
)
def test_names(name: str | None, masked: str | None) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010119900307001X", "1****************X"),
        ("110101900307001", "1*************1"),
        ("xxxxxx19910602xxxx", "x****************x"),
        ("123", "1*3"),
        ("12", "**"),
        ("1", "*"),
        ("", None),
        (None, None),
    ],
)
def test_numbers(number: str | None, masked: str | None) -> None:
    assert mask_id_number(number) == masked


def test_both_at_once() -> None:
    assert mask_identity(Identity("陈大文", "11010119900307001X")) == Identity("陈**", "1****************X")
    assert mask_identity(Identity()) == Identity()


@QUICK
@given(name=st.text(min_size=1), number=st.text(min_size=1))
def test_the_length_stays_and_the_inside_is_hidden(name: str, number: str) -> None:
    masked_name, masked_number = mask_name(name), mask_id_number(number)
    assert masked_name == ("*" if len(name) == 1 else name[0] + "*" * (len(name) - 1))
    assert masked_number is not None
    assert len(masked_number) == len(number)
    assert set(masked_number[1:-1]) <= {"*"}
