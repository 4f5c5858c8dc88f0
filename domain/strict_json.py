"""The one JSON reader: strict, whole input, UTF-8 only.

`json.loads` takes a BOM, UTF-16, NaN and lone surrogates, and a lenient reader would accept what a length
extension appends. msgspec refuses all of these; depth is ours to bound.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from domain.errors import MalformedPayload

MAX_DEPTH: Final = 32
"""Nesting a payload may have; the vendor's deepest known payload has 6."""

_objects: Final = msgspec.json.Decoder(dict[str, Any])
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_object(data: bytes) -> dict[str, Any]:
    """`data` as one JSON object.

    Raises:
        MalformedPayload: not UTF-8, not JSON, bytes after the object, not an object, NaN, a number out of
            range, or nested deeper than `MAX_DEPTH`.
    """
    try:
        value = _objects.decode(data)
    except (ValueError, RecursionError):
        # `from None`: the parser's message quotes the input.
        raise _malformed() from None
    if _openings(data) > MAX_DEPTH:
        _check_depth(data)
    return value


def read_members(data: bytes) -> Mapping[str, msgspec.Raw]:
    """`data` as one JSON object, whose members stand as they were sent.

    For whoever must prove an object rather than know it: nothing is built of it, which takes a quarter of
    the time. Raises as `read_object`, but lets a number out of range pass: its spelling is right.
    """
    try:
        members = _members.decode(data)
        if not data.isascii():
            # The decoder looks at the bytes of a string only when it builds one.
            data.decode()
    except (ValueError, RecursionError):
        raise _malformed() from None
    if _openings(data) > MAX_DEPTH and any(_openings(bytes(each)) >= MAX_DEPTH for each in members.values()):
        _check_depth(data)
    return members


def _malformed() -> MalformedPayload:
    return MalformedPayload("data is not one strict UTF-8 JSON object")


def _openings(data: bytes) -> int:
    """No value is deeper than it has openings, so that most payloads need no closer look."""
    return data.count(b"{") + data.count(b"[")


_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_AS_BRACES: Final = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _check_depth(data: bytes) -> None:
    """Of JSON without its strings and scalars brackets are left, and each turn takes the innermost."""
    brackets = _STRING.sub(b"", data).translate(_AS_BRACES, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"{}", b"")
    if brackets:
        raise MalformedPayload(f"data is nested deeper than {MAX_DEPTH} levels")
