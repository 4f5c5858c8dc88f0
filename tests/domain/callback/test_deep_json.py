"""Deep and odd JSON, in a few cases that take no time; test_strict_json.py tries thousands."""

import json
from math import inf
from typing import Any

import pytest

from domain.callback.strict_json import (
    DEEPEST,
    Members,
    has_lost_characters,
    read_closely,
    read_members,
    read_object,
)
from domain.errors import MalformedPayload

TOO_DEEP = 20_000


def nested(levels: int, core: str = "1") -> bytes:
    """`levels` arrays in the member `deep` of an object, and members on both sides of it."""
    return f'{{"first": "[", "deep": {"[" * levels}{core}{"]" * levels}, "last": {{}}}}'.encode()


def levels_of(value: Any) -> int:
    count = 0
    while isinstance(value, list):
        count, value = count + 1, value[0]
    assert value in (1, None)
    return count


def test_what_is_too_deep_for_the_stack_reads_as_null_below_the_deepest_level() -> None:
    """The object itself is one level, and the level `DEEPEST` is cut."""
    for tree in (read_object(nested(TOO_DEEP)), read_closely(nested(TOO_DEEP))):
        assert levels_of(tree["deep"]) == DEEPEST - 2
        assert (tree["first"], tree["last"]) == ("[", {})


def test_members_of_a_deep_object_are_cut_as_well() -> None:
    members = read_members(nested(TOO_DEEP))
    assert bytes(members["last"]) == b"{}"
    assert levels_of(json.loads(bytes(members["deep"]))) == DEEPEST - 2


@pytest.mark.parametrize("levels", [1, DEEPEST - 2, DEEPEST, 200])
def test_what_fits_the_stack_is_read_completely(levels: int) -> None:
    assert levels_of(read_object(nested(levels))["deep"]) == levels


@pytest.mark.parametrize(
    ("levels", "kept"), [(DEEPEST - 3, DEEPEST - 3), (DEEPEST - 2, DEEPEST - 2), (DEEPEST - 1, DEEPEST - 2)]
)
def test_a_close_look_cuts_from_the_deepest_level_on(levels: int, kept: int) -> None:
    assert levels_of(read_closely(nested(levels))["deep"]) == kept


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(nested(TOO_DEEP, "NaN"), id="nan-at-the-bottom"),
        pytest.param(nested(TOO_DEEP)[:-1], id="cut-off"),
        pytest.param(nested(TOO_DEEP) + b"]", id="closed-once-more"),
        pytest.param(nested(TOO_DEEP).replace(b"[1]", b"[1}"), id="crossed-brackets"),
        pytest.param(b'{"a": ' + b"]" * 100 + b"[" * 100 + b"}", id="closed-before-opened"),
        pytest.param(b'{"a": "' + b"[" * 100 + b"\xff" + b'"}', id="not-utf-8"),
    ],
)
def test_what_is_cut_is_validated(data: bytes) -> None:
    for read in (read_object, read_members, read_closely):
        with pytest.raises(MalformedPayload):
            read(data)


@pytest.mark.parametrize(
    ("data", "text", "lost"),
    [
        (rb'{"a": "x\ud83d"}', "x\ufffd", True),
        (rb'{"a": "\u0000"}', "\ufffd", True),
        (rb'{"a": "\ud83d\ude00"}', "\U0001f600", False),
        (rb'{"a": "\\ud83d"}', r"\ud83d", False),
        (rb'{"a": "\u9648"}', "\u9648", False),
    ],
)
def test_a_nul_or_half_a_pair_is_lost_and_noticed(data: bytes, text: str, lost: bool) -> None:
    assert read_object(data)["a"] == text
    assert has_lost_characters(data) is lost


def test_a_close_look_notes_repeated_names_and_strips_them() -> None:
    found = read_closely(b'{"a": 1, " a ": 2, "b": 3}')
    assert isinstance(found, Members)
    assert (dict(found), set(found.repeated)) == ({"a": 2, "b": 3}, {"a"})


@pytest.mark.parametrize(
    ("digits", "value"), [("9" * 18, 10**18 - 1), ("9" * 19, 1e19), ("9" * 400, inf), ("1e999", inf)]
)
def test_a_close_look_reads_long_numbers_as_floats(digits: str, value: float) -> None:
    found = read_closely(f"[{digits}]".encode())[0]
    assert (found, type(found)) == (value, type(value))
