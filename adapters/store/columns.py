"""Bulk statements of constant text: rows travel as one array per column (`unnest`)."""

from collections.abc import Sequence
from typing import Any


def columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """`[{"ids": 1}, {"ids": 2}]` → `{"ids": [1, 2]}`; `rows` must not be empty."""
    return {name: [row[name] for row in rows] for name in rows[0]}
