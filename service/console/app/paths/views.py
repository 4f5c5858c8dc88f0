"""A view of a list is its URL: cursors, times and queries, read strictly and written back."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import ClassVar, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from domain.views.reviews import CasePlace

Position = tuple[datetime, UUID]
Place = TypeVar("Place", bound=tuple[object, ...])


def encode_cursor(position: Position | CasePlace) -> str:
    """The position at which a page ended, as a word for a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position | None:
    """The position in a cursor; None for any other text, which shows the first page."""
    return _decoded(cursor, tuple[datetime, UUID])


def decode_place(cursor: str) -> CasePlace | None:
    """The place in a cursor of a list of cases; None for any other text."""
    return _decoded(cursor, tuple[int, datetime, UUID])


def _decoded(cursor: str, kind: type[Place]) -> Place | None:
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.msgpack.decode(packed, type=kind)
    except (binascii.Error, ValueError):
        return None
    naive = any(isinstance(part, datetime) and part.tzinfo is None for part in place)
    return None if naive else place


def read_time(text: str, zone: tzinfo) -> datetime | None:
    """The time that a browser's field sends, which has no zone; None for any other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


class ListView(msgspec.Struct, frozen=True):
    """What the URL of a list asks for, as text; "" for a filter that is not set.

    `path`: where the list is. `longest`: characters of a value that are read; None: all.
    """

    path: ClassVar[str]
    longest: ClassVar[int | None] = 200

    @classmethod
    def given(cls, values: Mapping[str, str]) -> dict[str, str]:
        """What a query or a form has for each member, without blanks around it."""
        return {name: (values.get(name) or "").strip()[: cls.longest] for name in cls.__struct_fields__}

    def url(self, path: str = "", **changes: str) -> str:
        """The URL of this view with these changes; `path`: of another page that takes the same filters."""
        return with_query(path or self.path, msgspec.structs.asdict(self) | changes)


def with_query(path: str, values: Mapping[str, str]) -> str:
    """The path with those values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
