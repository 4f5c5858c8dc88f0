"""The one JSON reader: strict, whole input, UTF-8 only.

`json.loads` takes a BOM, UTF-16, NaN and lone surrogates, and a lenient reader would accept what a length
extension appends. msgspec refuses all of these; depth is ours to bound.
"""

from typing import Any, Final

import msgspec

from domain.errors import MalformedPayload

MAX_DEPTH: Final = 32
"""Nesting a payload may have; the vendor's deepest known payload has 6."""


_decoder = msgspec.json.Decoder(dict[str, Any])


def read_object(data: bytes) -> dict[str, Any]:
    """`data` as one JSON object.

    Raises:
        MalformedPayload: not UTF-8, not JSON, bytes after the object, not an object, NaN, a number out of
            range, or nested deeper than `MAX_DEPTH`.
    """
    try:
        value = _decoder.decode(data)
    except (ValueError, RecursionError):
        # `from None`: the parser's message quotes the input.
        raise MalformedPayload("data is not one strict UTF-8 JSON object") from None
    # Openings bound the depth from above, so that most payloads need no walk.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _is_deeper_than(MAX_DEPTH, value):
        raise MalformedPayload(f"data is nested deeper than {MAX_DEPTH} levels")
    return value


def _is_deeper_than(limit: int, value: dict[str, Any]) -> bool:
    """Level by level, looking at containers only."""
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True
