"""The only JSON reader: strict, whole input, UTF-8 only, and able to read every valid JSON text.

`json.loads` accepts a BOM, UTF-16 and NaN, and a lenient reader would accept the bytes of a length extension.
msgspec refuses all of these. It also refuses some valid JSON (RFC 8259, 8.2 and 9): an escaped surrogate
without its other half, as from a vendor that cuts a text inside an emoji, and nesting deeper than the
interpreter's stack. Such texts are simplified before msgspec validates them.
"""

import json
import re
from collections import Counter
from typing import Any, Final, TypeVar

import msgspec

from domain.errors import MalformedPayload

Kind = TypeVar("Kind")

DEEPEST: Final = 64
"""In a text too deep for the stack, values deeper than this read as null. The vendor's deepest known payload
has 6 levels."""

_objects: Final = msgspec.json.Decoder(dict[str, Any])
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_any: Final = msgspec.json.Decoder(msgspec.Raw)


class Members(dict[str, Any]):
    """The members of an object with repeated names; the last value of each name counts."""

    repeated: frozenset[str] = frozenset()


def read_object(data: bytes) -> dict[str, Any]:
    """`data` as one JSON object. A NUL or half a surrogate pair in a string reads as U+FFFD.

    Raises:
        MalformedPayload: not UTF-8, not JSON, bytes after the object, not an object, NaN, or a number out of
            range.
    """
    found = None if b"\\u0000" in data else _tried(_objects, data)
    return _decoded(_objects, _plain(data)) if found is None else found


def read_members(data: bytes) -> dict[str, msgspec.Raw]:
    """`data` as one JSON object, with its members as raw JSON.

    It validates the object without building its values, in a quarter of the time. Raises as `read_object`,
    but accepts a number out of range, which is valid JSON.
    """
    # The decoder checks the bytes of a string only when it builds one.
    found = _tried(_members, data) if data.isascii() or _is_utf8(data) else None
    return _decoded(_members, _plain(data)) if found is None else found


def read_closely(data: bytes) -> Any:
    """Any one JSON value, slowly: objects with repeated names become `Members`, names lose surrounding white
    space, and a number out of range is infinite. Strings read as in `read_object`.

    Raises:
        MalformedPayload: not UTF-8, not JSON, or bytes after the value.
    """
    plain = _plain(data)
    _decoded(_any, plain)
    return json.loads(plain, object_pairs_hook=_named, parse_int=_integer)


def _tried(decoder: msgspec.json.Decoder[Kind], data: bytes) -> Kind | None:
    try:
        return decoder.decode(data)
    except (ValueError, RecursionError):
        return None


def has_lost_characters(data: bytes) -> bool:
    """Whether a string in `data` holds a NUL or half a surrogate pair, which read as U+FFFD."""
    return any(escape["half"] for escape in _ESCAPE.finditer(data)) if _ODD_ESCAPE.search(data) else False


def _decoded(decoder: msgspec.json.Decoder[Kind], data: bytes) -> Kind:
    # Raised outside of the except block, since the parser's message quotes the input.
    found = _tried(decoder, data)
    if found is None:
        raise _malformed()
    return found


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _malformed() -> MalformedPayload:
    return MalformedPayload("data is not one strict UTF-8 JSON object")


_LONGEST_INTEGER: Final = 18
"""Digits. No payload has a longer integer."""


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {name.strip(): value for name, value in pairs}
    if len(found) == len(pairs):
        return found
    members, times = Members(found), Counter(name.strip() for name, _ in pairs)
    members.repeated = frozenset(name for name, n in times.items() if n > 1)
    return members


def _plain(data: bytes) -> bytes:
    """The same text in a form that msgspec can read; msgspec then checks whether it is JSON."""
    if not _is_utf8(data):
        raise _malformed()
    if _ODD_ESCAPE.search(data):
        data = _ESCAPE.sub(_replaced, data)
    return _shallow(data) if data.count(b"{") + data.count(b"[") > DEEPEST else data


_ODD_ESCAPE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)|.)",
    re.DOTALL,
)


def _replaced(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape["half"] else escape[0]


_MARK: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def _shallow(data: bytes) -> bytes:
    """`data` with null instead of the values nested too deep, each of which is validated separately.

    One pass with an explicit stack: every container that opens at a multiple of `DEEPEST` is cut out.
    """
    outer, depth, done = [bytearray()], 0, 0
    for mark in _MARK.finditer(data):
        if mark[0] in b"[{":
            depth += 1
            if depth % DEEPEST == 0:
                outer[-1] += data[done : mark.start()]
                outer.append(bytearray())
                done = mark.start()
        elif mark[0] in b"]}":
            if depth > 0 and depth % DEEPEST == 0:
                inner = outer.pop() + data[done : mark.end()]
                _decoded(_any, bytes(inner))
                outer[-1] += b"null"
                done = mark.end()
            depth -= 1
    if depth or len(outer) > 1:
        raise _malformed()
    return bytes(outer[0] + data[done:])
