"""Only one strict UTF-8 JSON object is read; a refusal never repeats its input."""

import codecs
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.callback.strict_json import DEEPEST, Members, read_closely, read_members, read_object
from domain.errors import MalformedPayload
from tests.support.payloads.callbacks import (
    ID_NUMBER,
    NAME,
    THOROUGH,
    Json,
    assert_discreet,
    dump,
    json_objects,
    mutated,
    passing_payload,
    read_sample,
)


def _refused(data: bytes) -> MalformedPayload:
    with pytest.raises(MalformedPayload) as caught:
        read_object(data)
    return caught.value


OUT_OF_RANGE = [
    pytest.param(b'{"a": 1e999}', id="number-out-of-range"),
    pytest.param(b'{"a": -1e999}', id="negative-number-out-of-range"),
    pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="integer-of-5000-digits"),
]


@pytest.mark.parametrize("data", OUT_OF_RANGE)
def test_a_number_out_of_range_is_refused_when_it_is_built(data: bytes) -> None:
    assert read_members(data).keys() == {"a"}
    _refused(data)


def _build(members: Mapping[str, msgspec.Raw]) -> Json:
    return {name: msgspec.json.decode(value) for name, value in members.items()}


def _nested(depth: int, opening: str = '{"a":', closing: str = "}", core: str = "1") -> bytes:
    """An object of `depth` levels; the outermost is always an object."""
    return ('{"a":' + opening * (depth - 1) + core + closing * (depth - 1) + "}").encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(codecs.BOM_UTF8 + b"{}", id="bom"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="utf-16"),
        pytest.param('{"a": 1}'.encode("utf-16-le"), id="utf-16-without-bom"),
        pytest.param('{"a": 1}'.encode("utf-32"), id="utf-32"),
        pytest.param(b"+AHs-+AH0-", id="utf-7"),
        pytest.param('{"a": "é"}'.encode("latin-1"), id="latin-1"),
        pytest.param('{"a": "陈"}'.encode("gbk"), id="gbk"),
        pytest.param(b'{"a": "\xc0\x80"}', id="overlong-nul"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="surrogate-in-utf-8"),
        pytest.param(b'{"a": "\xf4\x90\x80\x80"}', id="above-unicode"),
        pytest.param(b'{"\xff": 1}', id="broken-utf-8-in-a-key"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b'{"a": Infinity}', id="infinity"),
        pytest.param(b'{"a": -Infinity}', id="minus-infinity"),
        pytest.param(b'{"a": 01}', id="leading-zero"),
        pytest.param(b'{"a": 0x1}', id="hexadecimal"),
        pytest.param(b'{"a": .5}', id="no-digit-before-the-point"),
        pytest.param(b'{"a": +1}', id="plus-sign"),
        pytest.param(b"{}\0", id="nul-behind"),
        pytest.param(b"{}{}", id="second-object"),
        pytest.param(b"{}x", id="text-behind"),
        pytest.param(b"{},", id="comma-behind"),
        pytest.param(b"{}\x80\0\0", id="glue-behind"),
        pytest.param(b"{}//c", id="comment-behind"),
        pytest.param(b"/**/{}", id="comment-before"),
        pytest.param(b"x{}", id="text-before"),
        pytest.param(b"\x0c{}", id="form-feed-before"),
        pytest.param(b'{"a": 1,}', id="trailing-comma"),
        pytest.param(b"{'a': 1}", id="single-quotes"),
        pytest.param(b"{a: 1}", id="bare-key"),
        pytest.param(b'{"a": 1', id="cut-off"),
        pytest.param(b'{"a": True}', id="python-literal"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'[{"a": 1}]', id="array-of-an-object"),
        pytest.param(b'"{}"', id="string"),
        pytest.param(b"1", id="number"),
        pytest.param(b"true", id="boolean"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a": "\n"}', id="newline-in-a-string"),
        pytest.param(b'{"a": "\0"}', id="nul-in-a-string"),
        pytest.param(b'{"a": "\x1f"}', id="control-character-in-a-string"),
        pytest.param(b'{"a\t": 1}', id="tab-in-a-key"),
        pytest.param(b'{"a": "\\x41"}', id="escape-of-another-language"),
        pytest.param(b'{"a":' * 100_000, id="100000-openings"),
        pytest.param(_nested(5000) + b"}", id="5000-levels-and-a-bracket"),
        pytest.param(_nested(5000)[:-1], id="5000-levels-cut-off"),
        pytest.param(_nested(5000, "[", "]", core="NaN"), id="nan-at-the-bottom"),
        pytest.param(_nested(5000, "[", "}"), id="5000-crossed-brackets"),
        pytest.param(_nested(5000, core='"'), id="unfinished-string-at-the-bottom"),
        pytest.param(_nested(5000, core='"\\x"'), id="no-escape-at-the-bottom"),
        pytest.param(b'{"a":' + b"]" * 100 + b"[" * 100 + b"}", id="closed-before-opened"),
        pytest.param(b'{"a":' + b"[" * 5000 + b'"' + b'\\"' * 60_000, id="never-ending-string"),
        pytest.param(b'{"a": "\\ud83"}', id="cut-escape"),
    ],
)
def test_what_is_refused(data: bytes) -> None:
    _refused(data)
    with pytest.raises(MalformedPayload):
        read_members(data)


@pytest.mark.parametrize(
    ("data", "tree"),
    [
        pytest.param(b"{}", {}, id="empty-object"),
        pytest.param(b' \r\n\t{"a": 1}\n', {"a": 1}, id="white-space-around"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}, id="surrogate-pair"),
        pytest.param('{"a": "陈"}'.encode(), {"a": "陈"}, id="raw-utf-8"),
        pytest.param(b'{"a": "\\u9648"}', {"a": "陈"}, id="escaped"),
        pytest.param(b'{"a": "\\u0000"}', {"a": "\ufffd"}, id="escaped-nul"),
        pytest.param(b'{"a": "\\\\u0000"}', {"a": "\\u0000"}, id="escaped-backslash-before-u0000"),
        pytest.param(b'{"a": "x\\ud83d"}', {"a": "x\ufffd"}, id="lone-high-surrogate"),
        pytest.param(b'{"a": "\\uDC00x"}', {"a": "\ufffdx"}, id="lone-low-surrogate"),
        pytest.param(b'{"a": "\\ud83d\\ud83d\\ude00"}', {"a": "\ufffd😀"}, id="high-surrogate-before-a-pair"),
        pytest.param(b'{"a": "\\ud83d\\n"}', {"a": "\ufffd\n"}, id="high-surrogate-before-an-escape"),
        pytest.param(b'{"a": "\\\\ud83d"}', {"a": "\\ud83d"}, id="escaped-backslash-before-a-surrogate"),
        pytest.param(b'{"\\ud83d": 1}', {"\ufffd": 1}, id="lone-surrogate-in-a-name"),
        pytest.param(b'{"a": "' + b"[{" * 100 + b'"}', {"a": "[{" * 100}, id="brackets-in-a-string"),
        pytest.param(b'{"a": ' + b"9" * 400 + b"}", {"a": int("9" * 400)}, id="long-integer"),
    ],
)
def test_what_is_read(data: bytes, tree: Json) -> None:
    assert read_object(data) == tree
    assert _plain(_build(read_members(data))) == tree


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_nested(500), id="objects"),
        pytest.param(_nested(500, "[", "]"), id="arrays"),
        pytest.param(_nested(31, core="{}"), id="innermost-empty"),
        pytest.param(b'{"a": [], "b": ' + _nested(31) + b"}", id="deep-beside-shallow"),
        pytest.param(b'{"a": [' + b"{}," * 1000 + b"[]]}", id="wide"),
    ],
)
def test_a_value_within_the_stacks_depth_is_read_completely(data: bytes) -> None:
    assert read_object(data) == json.loads(data)
    assert _build(read_members(data)) == json.loads(data)


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('[{"b": "]}", "a":', "}]")])
@pytest.mark.parametrize("depth", [2_000, 20_000])
def test_nesting_too_deep_for_the_stack_is_validated_and_cut(depth: int, opening: str, closing: str) -> None:
    deep = b'{"status": "OK", "deep": ' + _nested(depth, opening, closing) + b', "last": [1]}'
    for tree in (read_object(deep), _build(read_members(deep)), read_closely(deep)):
        assert (tree["status"], tree["last"]) == ("OK", [1])
        assert 0 < _depth(tree["deep"]) < DEEPEST


def _depth(value: object) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(inner, list) else 0


def test_a_repeated_name_is_noted_and_its_last_value_kept() -> None:
    tree = read_closely(b'{"a": {"b": 1, "b ": 2, "c": 3}, "d": [{"e": 1, "e": 1}]}')
    inner, entry = tree["a"], tree["d"][0]
    assert isinstance(inner, Members)
    assert isinstance(entry, Members)
    assert (dict(inner), set(inner.repeated)) == ({"b": 2, "c": 3}, {"b"})
    assert (dict(entry), set(entry.repeated)) == ({"e": 1}, {"e"})
    assert not isinstance(tree, Members)


@pytest.mark.parametrize("data", OUT_OF_RANGE)
def test_a_number_out_of_range_is_infinite_on_a_close_look(data: bytes) -> None:
    assert abs(read_closely(data)["a"]) == inf


@THOROUGH
@given(tree=json_objects, ascii_only=st.booleans())
def test_whatever_json_dumps_writes_is_read_back(tree: Json, ascii_only: bool) -> None:
    data = json.dumps(tree, ensure_ascii=ascii_only).encode()
    assert repr(read_object(data)) == repr(_plain(tree))


def _plain(value: Any) -> Any:
    """The text without NULs and halves of surrogate pairs, which PostgreSQL cannot store."""
    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return re.sub("[\0\ud800-\udfff]", "\ufffd", value) if isinstance(value, str) else value


NOT_ASCII = json.dumps(passing_payload(), ensure_ascii=False).encode()

PIECES = [
    b"\0",
    b"\x80",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"NaN",
    b"1e999",
    b"\\ud800",
    b"\xff",
]


@THOROUGH
@given(data=st.binary() | mutated([dump(passing_payload()), b'{"a": [1, "b"]}'], PIECES))
def test_any_bytes_are_one_object_or_refused(data: bytes) -> None:
    with suppress(MalformedPayload):
        assert read_object(data) == _plain(json.loads(data.decode("utf-8", errors="strict")))


@THOROUGH
@example(data=b'{"a": {"b": [0.1e777]}}')
@given(data=st.binary() | mutated([dump(passing_payload()), NOT_ASCII, b'{"a": [1, "b"]}'], PIECES))
def test_members_are_read_of_just_what_is_an_object(data: bytes) -> None:
    try:
        members = read_members(data)
    except MalformedPayload:
        _refused(data)
        return
    try:
        tree = read_object(data)
    except MalformedPayload:
        with pytest.raises(msgspec.DecodeError, match="out of range"):
            _build(members)
    else:
        assert _plain(_build(members)) == tree


SECRETIVE = json.dumps({"name": NAME, "number": ID_NUMBER}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "data",
    [
        SECRETIVE + b"x",
        SECRETIVE[:-1],
        SECRETIVE[:-3],
        SECRETIVE.replace(b"}", b', "b": "\xff"}'),
        SECRETIVE.replace(b"}", b', "b": 1e999}'),
        b"[" + SECRETIVE + b"]",
        f'"{NAME} {ID_NUMBER}"'.encode(),
        ID_NUMBER[:-1].encode(),
        b'{"a":' * 40 + SECRETIVE + b"}" * 41,
        b'{"a":' * 2000 + SECRETIVE + b"}" * 2001,
        SECRETIVE.replace(b'"name"', b'"name'),
        read_sample("callback_with_attack.json") + SECRETIVE,
    ],
)
def test_a_refusal_repeats_nothing(data: bytes) -> None:
    assert_discreet(_refused(data))
