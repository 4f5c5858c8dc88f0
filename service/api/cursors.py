"""Cursors: the position at which a page ended. Opaque to clients, and stable while new rows arrive."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

import msgspec

from service.api.errors import ApiProblem

Position = tuple[datetime, UUID]


def encode_cursor(position: Position) -> str:
    """The cursor that continues after `position`."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Position | None:
    """The position in a cursor of this api. Raises ApiProblem `bad_cursor`."""
    if cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.msgpack.decode(packed, type=tuple[datetime, UUID])
    except (binascii.Error, ValueError):
        raise ApiProblem("bad_cursor") from None
    if position[0].tzinfo is None:
        raise ApiProblem("bad_cursor")
    return position
