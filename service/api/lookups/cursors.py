"""Cursors: the position at which a page ended. Opaque to clients, and stable while new rows arrive."""

import base64
import binascii
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from domain.views.reviews import CasePlace
from service.api.errors import ApiProblem

Place = TypeVar("Place", bound=tuple[object, ...])
Position = tuple[datetime, UUID]


def encode_cursor(position: Position | CasePlace) -> str:
    """The cursor that continues after `position`."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Position | None:
    """The position in a cursor of this api. Raises ApiProblem `bad_cursor`."""
    return None if cursor is None else _decoded(cursor, tuple[datetime, UUID])


def decode_place(cursor: str | None) -> CasePlace | None:
    """The place in a cursor of a list of cases. Raises ApiProblem `bad_cursor`."""
    return None if cursor is None else _decoded(cursor, tuple[int, datetime, UUID])


def _decoded(cursor: str, kind: type[Place]) -> Place:
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.msgpack.decode(packed, type=kind)
    except (binascii.Error, ValueError):
        raise ApiProblem("bad_cursor") from None
    if any(isinstance(part, datetime) and part.tzinfo is None for part in place):
        raise ApiProblem("bad_cursor")
    return place
