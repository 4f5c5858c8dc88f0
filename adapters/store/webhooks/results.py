"""What became of claimed deliveries, written in groups: deliveries, attempts, and the endpoints' health."""

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.sqlstate import DatabaseAway, StatementFailed
from adapters.store.events.log import append_in_bulk
from adapters.store.statements.bulk import as_rows, write_group
from adapters.tasks.coalescer import Coalescer
from domain.events.event import EventType, NewEvent
from domain.events.webhooks.delivery import EndedAttempt, EndpointAfter, endpoint_after
from domain.events.webhooks.schedule import PROBE_EVERY, Health
from domain.events.webhooks.verdict import Verdict

_MAX_GROUP: Final = 256
_PACE: Final = 0.005
_ENOUGH: Final = 16
"""A group of fewer is written at least this many seconds after the one before."""


def result_writer(engine: AsyncEngine) -> Coalescer[EndedAttempt, bool]:
    """Collects ends and writes each group in one transaction; False for one whose lease is lost."""

    async def flush(group: list[EndedAttempt]) -> Sequence[bool | DatabaseAway]:
        return await write_group(engine, group, _write, as_one=True)

    return Coalescer(
        flush,
        max_items=_MAX_GROUP,
        systemic=(DatabaseAway,),
        alone=(StatementFailed,),
        pace=_PACE,
        enough=_ENOUGH,
    )


async def _write(connection: asyncpg.Connection, group: list[EndedAttempt]) -> Sequence[bool]:
    found = await connection.fetch(_WRITE, as_rows([_row(end) for end in group]))
    rows = {row["id"]: row for row in found}
    written = {(row["id"], row["fence"]) for row in found}
    ends = [end for end in group if (end.lease.delivery_id, end.lease.fence) in written]
    of_endpoints = await _note_health(connection, ends)
    exhausted = [_exhausted(end, rows[end.lease.delivery_id]) for end in ends if end.is_exhausted]
    # Last, as the log wants it: behind this nothing waits for a lock.
    await append_in_bulk(connection, [*of_endpoints, *exhausted])
    return [(end.lease.delivery_id, end.lease.fence) in written for end in group]


async def _note_health(connection: asyncpg.Connection, ends: Iterable[EndedAttempt]) -> list[NewEvent]:
    """Write the health of the endpoints that failed, or that failed before; the events about them."""
    by_endpoint: defaultdict[UUID, list[EndedAttempt]] = defaultdict(list)
    for end in ends:
        if end.verdict is Verdict.DELIVERED or end.counts_against_receiver:
            by_endpoint[end.lease.endpoint_id].append(end)
    failed = [key for key, theirs in by_endpoint.items() if any(e.counts_against_receiver for e in theirs)]
    rows = await connection.fetch(_UNWELL, list(by_endpoint), failed)
    after = {
        row["id"]: endpoint_after(
            Health(row["failures"], row["failing_since"]),
            by_endpoint[row["id"]],
            last_failure=None if row["next_probe_at"] is None else row["next_probe_at"] - PROBE_EVERY,
        )
        for row in rows
    }
    if not after:
        return []
    await connection.execute(_HEALTH, as_rows(_health_rows(after, by_endpoint)))
    apps = {row["id"]: row["app_id"] for row in rows}
    return [
        event
        for key, each in after.items()
        if (event := _event_of(key, each, app_id=apps[key], at=by_endpoint[key][-1].at)) is not None
    ]


def _event_of(endpoint_id: UUID, after: EndpointAfter, *, app_id: str, at: datetime) -> NewEvent | None:
    detail: dict[str, object] = {"endpoint_id": str(endpoint_id)}
    if after.disabled is not None:
        detail["reason"] = after.disabled
        return NewEvent(EventType.ENDPOINT_DISABLED, at, app_id=app_id, detail=detail)
    if after.alarms:
        detail["since"] = after.health.failing_since
        return NewEvent(EventType.ENDPOINT_FAILING, at, app_id=app_id, detail=detail)
    return None


def _health_rows(
    after: Mapping[UUID, EndpointAfter], ends: Mapping[UUID, Sequence[EndedAttempt]]
) -> list["_HealthRow"]:
    return [
        _HealthRow(
            id=key,
            failures=each.health.failures,
            failing_since=each.health.failing_since,
            next_probe_at=ends[key][-1].at + PROBE_EVERY if each.health.is_probed else None,
            disabled=each.disabled,
            at=ends[key][-1].at,
        )
        for key, each in after.items()
    ]


def _exhausted(end: EndedAttempt, row: asyncpg.Record) -> NewEvent:
    ids = {"delivery_id": end.lease.delivery_id, "endpoint_id": end.lease.endpoint_id}
    detail = {name: str(each) for name, each in (ids | {"event_id": row["event_id"]}).items()}
    return NewEvent(
        EventType.DELIVERY_EXHAUSTED, end.at, app_id=row["app_id"], detail=detail | {"error": end.error}
    )


class _HealthRow(msgspec.Struct, frozen=True):
    id: UUID
    failures: int
    failing_since: datetime | None
    next_probe_at: datetime | None
    disabled: str | None
    at: datetime


class _ResultRow(msgspec.Struct, frozen=True):
    id: UUID
    fence: int
    state: str
    due_at: datetime | None
    error: str | None
    now: datetime
    k: int | None = None
    at: datetime | None = None
    ms: int | None = None
    status: int | None = None
    fault: str | None = None
    attempt_error: str | None = None
    answer: str | None = None


def _row(end: EndedAttempt) -> _ResultRow:
    lease, attempt = end.lease, end.attempt
    if attempt is None:
        return _ResultRow(lease.delivery_id, lease.fence, end.state, end.due_at, end.error, end.at)
    return _ResultRow(
        lease.delivery_id,
        lease.fence,
        end.state,
        end.due_at,
        end.error,
        end.at,
        attempt.k,
        attempt.at,
        attempt.ms,
        attempt.status,
        attempt.fault,
        attempt.error,
        base64.b64encode(attempt.answer).decode() if attempt.answer else None,
    )


_WRITE: Final = """
WITH incoming AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (id uuid, fence bigint, state text, due_at timestamptz, error text, now timestamptz, k integer,
          at timestamptz, ms integer, status smallint, fault text, attempt_error text, answer text)
), held AS (
  SELECT d.id, i.fence FROM deliveries d JOIN incoming i ON i.id = d.id AND i.fence = d.fence
  WHERE d.id = ANY(ARRAY(SELECT id FROM incoming)) AND d.leased_until IS NOT NULL
  ORDER BY d.id FOR NO KEY UPDATE OF d
), written AS (
  UPDATE deliveries d
  SET state = i.state, due_at = i.due_at, error = i.error, leased_until = NULL,
      attempts = COALESCE(i.k, d.attempts), ended_at = CASE WHEN i.state <> 'pending' THEN i.now END
  FROM held JOIN incoming i USING (id, fence)
  WHERE d.id = held.id AND d.id = ANY(ARRAY(SELECT id FROM held))
  RETURNING d.id, d.app_id, d.event_id, d.fence
), noted AS (
  INSERT INTO attempts (delivery_id, k, at, ms, status, fault, error, answer)
  SELECT id, k, at, ms, status, fault, attempt_error, decode(answer, 'base64')
  FROM incoming JOIN held USING (id, fence) WHERE k IS NOT NULL
)
SELECT id, app_id, event_id, fence FROM written
"""

_UNWELL: Final = """
SELECT id, app_id, failures, failing_since, next_probe_at FROM endpoints
WHERE id = ANY($1) AND state = 'enabled' AND (failures > 0 OR id = ANY($2)) ORDER BY id FOR NO KEY UPDATE
"""

_HEALTH: Final = """
WITH incoming AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (id uuid, failures integer, failing_since timestamptz, next_probe_at timestamptz, disabled text,
          at timestamptz)
)
UPDATE endpoints e
SET failures = i.failures, failing_since = i.failing_since, next_probe_at = i.next_probe_at,
    state = CASE WHEN i.disabled IS NULL THEN e.state ELSE 'disabled' END,
    disabled_reason = COALESCE(i.disabled, e.disabled_reason),
    disabled_at = CASE WHEN i.disabled IS NULL THEN e.disabled_at ELSE i.at END,
    updated_at = CASE WHEN i.disabled IS NULL THEN e.updated_at ELSE i.at END
FROM incoming i WHERE e.id = i.id AND e.id = ANY(ARRAY(SELECT id FROM incoming))
"""
