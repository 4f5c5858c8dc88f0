"""Later final callbacks with the content of the decided one are neither a second end nor a conflict."""

from collections.abc import Callable, Sequence
from typing import Final

import asyncpg

from adapters.store.recording.entries import Entry, Mark
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.errors import BrokenSeal, MalformedPayload, UndecodableCallback
from domain.policy.facts.facts import say_the_same


async def same_endings(
    connection: asyncpg.Connection,
    entries: Sequence[Entry],
    later: Sequence[Entry],
    *,
    opened: Callable[[asyncpg.Record], bytes],
) -> set[Mark]:
    """The marks of those `later` callbacks with the same content as their verification's decided callback.

    A vendor's retry has other bytes: another order of members, another request_id. The decided callback is
    in the store or among the group's `entries`. `opened` returns the raw bytes of a row (id, app_id,
    raw_ct). A callback that cannot be decrypted or read is not the same.
    """
    rows = await connection.fetch(_DECIDED_ON, [entry.id for entry in later])
    digests = {row["id"].int: row["final_digest"] for row in rows}
    decided = {row["id"].int: _read(row, opened) for row in rows if row["raw_ct"] is not None}
    decided |= {entry.key: entry.payload for entry in entries if digests.get(entry.key) == entry.digest}
    return {entry.mark for entry in later if _says_the_same(entry, decided.get(entry.key))}


def _read(row: asyncpg.Record, opened: Callable[[asyncpg.Record], bytes]) -> Payload | None:
    try:
        return decode_payload(opened(row))
    except (BrokenSeal, MalformedPayload, UndecodableCallback):
        return None


def _says_the_same(entry: Entry, other: Payload | None) -> bool:
    return other is not None and say_the_same(entry.payload, other)


_DECIDED_ON: Final = """
SELECT v.id, v.app_id, v.final_digest, c.raw_ct
FROM verifications v LEFT JOIN callbacks c
  ON c.verification_id = v.id AND c.digest = v.final_digest AND c.verification_id = ANY(CAST($1 AS uuid[]))
WHERE v.id = ANY(CAST($1 AS uuid[]))
"""
