"""Bulk statements of constant text: the rows of a group travel as one JSON document.

`json_to_recordset` makes rows of it again, with JSON columns word for word. Short bytes are in it as base64;
long ones go beside it as an array. An array for every column costs twice as much: asyncpg asks Python's
abstract classes about each element.
"""

from collections.abc import Sequence

import msgspec


def as_rows(group: Sequence[msgspec.Struct]) -> str:
    """The group as `:rows`, to be read by `json_to_recordset(CAST(:rows AS json))`."""
    return msgspec.json.encode(group).decode()
