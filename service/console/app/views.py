"""A view of a list is its URL: cursors, times and queries, read strictly and written back."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, tzinfo
from urllib.parse import urlencode
from uuid import UUID

import msgspec

Position = tuple[datetime, UUID]


def encode_cursor(position: Position) -> str:
    """The position at which a page ended, as a word for a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position | None:
    """The position in a cursor; None for any other text, which shows the first page."""
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.msgpack.decode(packed, type=tuple[datetime, UUID])
    except (binascii.Error, ValueError):
        return None
    return position if position[0].tzinfo is not None else None


def read_time(text: str, zone: tzinfo) -> datetime | None:
    """The time that a browser's field sends, which has no zone; None for any other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def with_query(path: str, values: Mapping[str, str]) -> str:
    """The path with those values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
