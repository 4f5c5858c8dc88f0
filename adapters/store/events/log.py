"""Append events to the log, as the last statement of the transaction that they tell of.

`seq` must become visible in the order of its numbers: a reader that has seen 7 never looks for 6 again. So a
transaction that takes a number holds a lock until its commit. It takes the lock last, when it has locked all
rows that it needs: then it waits for no other transaction, and others wait only for its commit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events.event import EventType, NewEvent

_LOCK: Final = 4026531841
"""The key of the advisory lock; the migrations have the one before."""

_NO_DETAIL: Final = "CAST('{}' AS json)"


def turn_after(rows: str) -> str:
    """SQL of a query that waits for the right to take numbers, once `rows` (a CTE of the same statement) has
    done its work. It returns one row, and none without rows.

    A process that is frozen between its statements must not keep all others from committing: its session
    ends after two seconds.
    """
    return f"""SELECT pg_advisory_xact_lock({_LOCK}),
         set_config('idle_in_transaction_session_timeout', '2000', true)
  FROM {rows} HAVING count(*) > 0"""  # noqa: S608 - names of our own


def body_of(
    *,
    ids: str,
    outcome: str,
    effective: str,
    reasons: str,
    basis: str,
    policy: str,
    detail: str = _NO_DETAIL,
) -> str:
    """SQL of an event's body (`domain.events.event.EventBody`), from expressions for its members.

    `ids`: a row with biz_id and biz_no. `effective`: the outcome that counts, a person's or the decision's.
    `reasons`: JSON with a list of codes. `policy`: JSON or NULL.
    """
    return f"""json_build_object('biz_id', {ids}.biz_id, 'biz_no', {ids}.biz_no, 'outcome', {outcome},
    'effective_outcome', {effective}, 'reasons', {reasons}, 'basis', {basis}, 'policy', {policy},
    'detail', {detail})"""


async def append(connection: AsyncConnection, events: Sequence[NewEvent]) -> None:
    """Append events in the caller's transaction. Nothing that waits for a lock may follow in it."""
    if events:
        await connection.execute(_APPEND, {"rows": _as_rows(events)})


async def append_in_bulk(connection: asyncpg.Connection, events: Sequence[NewEvent]) -> None:
    """The same on a connection of `adapters.store.statements.bulk`."""
    if events:
        await connection.execute(_APPEND_IN_BULK, _as_rows(events))


class _Row(msgspec.Struct, frozen=True):
    k: int
    type: EventType
    at: datetime | None
    app_id: str | None
    verification_id: UUID | None
    detail: dict[str, Any]


def _as_rows(events: Sequence[NewEvent]) -> str:
    rows = [
        _Row(k, event.type, event.at, event.app_id, event.verification_id, event.detail)
        for k, event in enumerate(events)
    ]
    return msgspec.json.encode(rows).decode()


_DECIDED: Final = body_of(
    ids="v",
    outcome="d.outcome",
    effective="COALESCE(v.effective_outcome, d.outcome)",
    reasons="""COALESCE((SELECT json_agg(reason ->> 'code') FROM json_array_elements(d.reasons) AS reason),
               CAST('[]' AS json))""",
    basis="d.basis",
    policy="""CASE WHEN p.content_hash IS NOT NULL THEN
               json_build_object('name', p.name, 'version', p.version, 'hash', p.content_hash) END""",
    detail="i.detail",
)


def _appending(rows: str) -> str:
    return f"""
WITH incoming AS (
  SELECT *, row_number() OVER (PARTITION BY verification_id ORDER BY k) AS nth
  FROM json_to_recordset(CAST({rows} AS json))
    AS t (k integer, type text, at timestamptz, app_id text, verification_id uuid, detail json)
), locked AS (
  SELECT id, events FROM verifications
  WHERE id = ANY(ARRAY(SELECT verification_id FROM incoming)) ORDER BY id FOR NO KEY UPDATE
), counted AS (
  UPDATE verifications v SET events = v.events + i.count
  FROM (SELECT verification_id AS id, count(*) AS count FROM incoming GROUP BY 1) i JOIN locked USING (id)
  WHERE v.id = i.id AND v.id = ANY(ARRAY(SELECT id FROM locked))
  RETURNING v.id, v.app_id, v.biz_id, v.biz_no, v.effective_outcome, v.events - i.count AS before
), ready AS MATERIALIZED (
  SELECT i.k, COALESCE(v.app_id, i.app_id) AS app_id, v.id, v.before + i.nth AS n, i.type,
         COALESCE(i.at, now()) AS at, {_DECIDED} AS body
  FROM incoming i LEFT JOIN counted v ON v.id = i.verification_id
  LEFT JOIN decisions d ON d.verification_id = v.id LEFT JOIN policies p ON p.content_hash = d.policy_hash
  WHERE v.id IS NOT NULL OR i.verification_id IS NULL
), turn AS MATERIALIZED (
  {turn_after("ready")}
)
INSERT INTO events (app_id, verification_id, n, type, at, body)
SELECT ready.app_id, ready.id, ready.n, ready.type, ready.at, ready.body
FROM turn CROSS JOIN ready ORDER BY ready.k
"""  # noqa: S608 - constants alone


_APPEND: Final = text(_appending(":rows"))
_APPEND_IN_BULK: Final = _appending("$1")
