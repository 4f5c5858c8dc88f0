"""Where the user's browser goes after the flow: the app's landing page, or our page about its end."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from domain.callback.strict_json import read_closely
from domain.errors import MalformedPayload
from domain.model import usable_biz_id


def with_biz_id(landing_url: str, biz_id: str | None) -> str:
    """`landing_url` with `biz_id` added to its query, before any fragment; existing parameters stay.

    The comma of a biz_id is encoded as `%2C`. None leaves the address as it is.
    """
    if biz_id is None:
        return landing_url
    parts = urlsplit(landing_url)
    parameter = f"biz_id={quote(biz_id, safe='')}"
    query = f"{parts.query}&{parameter}" if parts.query else parameter
    return urlunsplit(parts._replace(query=query))


def biz_id_of(members: Mapping[str, msgspec.Raw]) -> str | None:
    """The biz_id of a genuine payload that is not decoded yet, or None if it has none of the known shape;
    nested or, with older products, at top level."""
    nested = _value_of(members, "biz_info")
    if isinstance(nested, str):
        nested = _inner(nested)
    inner = usable_biz_id(nested.get("biz_id")) if isinstance(nested, dict) else None
    return inner or usable_biz_id(_value_of(members, "biz_id"))


def status_of(members: Mapping[str, msgspec.Raw]) -> str:
    """The vendor's status in a genuine payload that is not decoded yet; "" if it has none."""
    found = _value_of(members, "status")
    return found.strip().upper() if isinstance(found, str) else ""


def _value_of(members: Mapping[str, msgspec.Raw], name: str) -> Any:
    return _inner(bytes(members[name])) if name in members else None


def _inner(text: str | bytes) -> Any:
    try:
        return read_closely(text.encode() if isinstance(text, str) else text)
    except MalformedPayload:
        return None
