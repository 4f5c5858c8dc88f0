"""Blocks over rows of the audit: hashes that show a row that was changed, removed, inserted or moved.

Every text that is hashed is canonical JSON: members sorted by name, no blanks, ASCII with escapes. A time is
in UTC with six digits behind the second, since PostgreSQL keeps microseconds. `cli/audit/verify_audit.py`
computes the same hashes without any of this code; docs/audit.md describes them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from domain.audit.row import StoredRow

BEGINNING: Final = bytes(32)
"""`previous` of the first block."""

_LEAF, _NODE, _BLOCK = b"\0", b"\1", b"\2"
"""A prefix for each kind of hash, so that none passes as another."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A closed block. `root`: of the Merkle tree over its leaves. `previous`: the hash of the last block."""

    height: int
    closed_at: datetime
    count: int
    root: bytes
    previous: bytes
    hash: bytes


def close_block(leaves: Sequence[bytes], *, closed_at: datetime, after: Block | None) -> Block:
    """The block over these leaves (at least one) that follows `after`."""
    height = 1 if after is None else after.height + 1
    previous = BEGINNING if after is None else after.hash
    root = merkle_root(leaves)
    members = {
        "closed_at": time_text(closed_at),
        "count": len(leaves),
        "height": height,
        "previous": previous.hex(),
        "root": root.hex(),
    }
    return Block(
        height=height,
        closed_at=closed_at,
        count=len(leaves),
        root=root,
        previous=previous,
        hash=sha256(_BLOCK + canonical(members)).digest(),
    )


def leaf_of(row: StoredRow) -> bytes:
    """The commitment to a row: nobody who lacks the salt can guess the row from it."""
    return sha256(_LEAF + row.salt.bytes + canonical(members_of(row))).digest()


def members_of(row: StoredRow) -> dict[str, Any]:
    """The row as an export has it: every member but the salt."""
    return {
        "id": row.id,
        "at": time_text(row.at),
        "app_id": row.app_id,
        "actor": row.actor,
        "person_id": None if row.person_id is None else str(row.person_id),
        "address": row.address,
        "action": row.action,
        "subject": row.subject,
        "reason": row.reason,
        "detail": row.detail,
    }


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of the Merkle tree of RFC 6962 over hashes of leaves (at least one)."""
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        last = level[-1:] if len(level) % 2 else []
        level = [sha256(_NODE + left + right).digest() for left, right in pairs] + last
    return level[0]


def merkle_path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """The audit path of RFC 6962 for the leaf at `position`: the hashes beside its way up, lowest first."""
    level, path = list(leaves), []
    while len(level) > 1:
        beside = position ^ 1
        if beside < len(level):
            path.append(level[beside])
        pairs = zip(level[::2], level[1::2], strict=False)
        last = level[-1:] if len(level) % 2 else []
        level = [sha256(_NODE + left + right).digest() for left, right in pairs] + last
        position //= 2
    return path


def canonical(members: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def time_text(at: datetime) -> str:
    """A time as it is hashed and exported: `2026-11-28T20:52:07.123456Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
