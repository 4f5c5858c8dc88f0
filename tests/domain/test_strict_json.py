"""One strict UTF-8 JSON object and nothing else is read; what is refused is never repeated."""

import codecs
import json
from collections.abc import Mapping
from contextlib import suppress

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import MalformedPayload
from domain.strict_json import read_members, read_object
from tests.domain.builders import (
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
def test_a_number_out_of_range_is_refused_by_who_builds_it(data: bytes) -> None:
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
        pytest.param(b'{"a": "\\ud800"}', id="lone-high-surrogate"),
        pytest.param(b'{"a": "\\udc00"}', id="lone-low-surrogate"),
        pytest.param(b'{"a": "\\ud800\\ud800"}', id="two-high-surrogates"),
        pytest.param(b'{"a": "\\ud800x"}', id="high-surrogate-and-text"),
        pytest.param(b'{"\\ud800": 1}', id="lone-surrogate-in-a-key"),
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
        pytest.param(_nested(33), id="33-levels"),
        pytest.param(_nested(33, "[", "]"), id="33-levels-of-arrays"),
        pytest.param(_nested(33, core="{}"), id="34-levels-innermost-empty"),
        pytest.param(_nested(32, "[", "]", core="[]"), id="33-levels-innermost-empty"),
        pytest.param(b'{"a": 1, "b": [0, ' + _nested(32) + b"]}", id="one-branch-too-deep"),
        pytest.param(_nested(100_000), id="100000-levels"),
        pytest.param(b'{"a":' * 100_000, id="100000-openings"),
        pytest.param(_nested(100_000, "[", "]"), id="100000-levels-of-arrays"),
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
        pytest.param(b'{"a": "\\u0000"}', {"a": "\0"}, id="escaped-nul"),
        pytest.param(b'{"a": "' + b"[{" * 100 + b'"}', {"a": "[{" * 100}, id="brackets-in-a-string"),
        pytest.param(b'{"a": ' + b"9" * 400 + b"}", {"a": int("9" * 400)}, id="long-integer"),
    ],
)
def test_what_is_read(data: bytes, tree: Json) -> None:
    assert read_object(data) == tree
    assert _build(read_members(data)) == tree


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_nested(32), id="objects"),
        pytest.param(_nested(32, "[", "]"), id="arrays"),
        pytest.param(_nested(31, core="{}"), id="innermost-empty"),
        pytest.param(b'{"a": [], "b": ' + _nested(31) + b"}", id="deep-beside-shallow"),
        pytest.param(b'{"a": [' + b"{}," * 1000 + b"[]]}", id="wide"),
    ],
)
def test_32_levels_are_read(data: bytes) -> None:
    assert read_object(data) == json.loads(data)
    assert _build(read_members(data)) == json.loads(data)


@THOROUGH
@given(tree=json_objects, ascii_only=st.booleans())
def test_whatever_json_dumps_writes_is_read_back(tree: Json, ascii_only: bool) -> None:
    data = json.dumps(tree, ensure_ascii=ascii_only).encode()
    assert repr(read_object(data)) == repr(tree)


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
        assert read_object(data) == json.loads(data.decode("utf-8", errors="strict"))


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
        assert _build(members) == tree


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
        b'{"a":' * 40 + SECRETIVE + b"}" * 40,
        SECRETIVE.replace(b'"name"', b'"name'),
        read_sample("callback_with_attack.json") + SECRETIVE,
    ],
)
def test_a_refusal_repeats_nothing(data: bytes) -> None:
    assert_discreet(_refused(data))
