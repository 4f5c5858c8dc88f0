"""What a sender takes: the deliveries of new events, and those that are due."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.bulk import bulk_connection
from domain.events.event import Event, EventBody, EventType
from domain.events.webhooks.delivery import ClaimedDelivery, DeliveryLease, FannedOut
from domain.events.webhooks.schedule import FAILURES_BEFORE_PROBES
from domain.policy.facts.facts import Facts

_body = msgspec.json.Decoder(EventBody)
_facts = msgspec.json.Decoder(Facts)


async def fan_out(engine: AsyncEngine, *, now: datetime, limit: int) -> FannedOut:
    """Make the deliveries of up to `limit` events, and move the cursors of the endpoints behind them."""
    async with bulk_connection(engine) as connection:
        row = await connection.fetchrow(_FAN_OUT, now, limit)
    assert row is not None  # noqa: S101 - it counts
    return FannedOut(row["read"], row["made"], row["read"] >= limit)


async def claim(
    engine: AsyncEngine, *, now: datetime, lease: timedelta, room: int, apps: Collection[str]
) -> Sequence[ClaimedDelivery]:
    """Claim up to `room` due deliveries of these apps, of each endpoint as many as it may have in flight."""
    async with bulk_connection(engine, as_one=True) as connection:
        await connection.execute(_ONE_AT_A_TIME)
        rows = await connection.fetch(_CLAIM, now, now + lease, room, list(apps))
    return [_claimed(row) for row in rows]


def _claimed(row: asyncpg.Record) -> ClaimedDelivery:
    return ClaimedDelivery(
        lease=DeliveryLease(row["id"], row["endpoint_id"], row["fence"]),
        event=Event(
            seq=row["seq"],
            id=row["event_id"],
            type=row["type"],
            at=row["at"],
            app_id=row["app_id"],
            verification_id=row["verification_id"],
            n=row["n"],
            body=EventBody() if row["body"] is None else _body.decode(row["body"]),
        ),
        attempts=row["attempts"],
        in_round=row["attempts"] - row["attempts_before"],
        changed_at=row["changed_at"],
        facts=None if row["facts"] is None else _facts.decode(row["facts"]),
        is_deleted=row["body"] is None,
    )


def selects_type(row: str, endpoint: str) -> str:
    """SQL: whether the endpoint selects the type of `row`, an event or a delivery."""
    return f"""EXISTS (
      SELECT FROM unnest({endpoint}.types) AS wanted (pattern)
      WHERE {row}.type LIKE replace(replace(wanted.pattern, '_', '\\_'), '*', '%'))"""


def selects_event(event: str, endpoint: str) -> str:
    """SQL for what `domain.events.webhooks.selection.selects` says of one event."""
    return f"""{event}.type <> '{EventType.TEST}' AND {selects_type(event, endpoint)}
      AND CASE WHEN {endpoint}.outcomes IS NULL THEN true
          ELSE COALESCE({event}.body ->> 'effective_outcome' = ANY({endpoint}.outcomes), true) END"""


_FAN_OUT: Final = f"""
WITH behind AS MATERIALIZED (
  SELECT id, app_id, types, outcomes, cursor FROM endpoints
  WHERE state = 'enabled' AND cursor < (SELECT max(seq) FROM events)
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), news AS MATERIALIZED (
  SELECT seq, id, app_id, verification_id, n, type, body FROM events
  WHERE seq > (SELECT min(cursor) FROM behind) ORDER BY seq LIMIT $2
), made AS (
  INSERT INTO deliveries (endpoint_id, app_id, seq, event_id, type, verification_id, n, due_at, created_at)
  SELECT e.id, e.app_id, news.seq, news.id, news.type, news.verification_id, news.n, $1, $1
  FROM news JOIN behind e ON e.app_id = news.app_id AND e.cursor < news.seq
  WHERE {selects_event("news", "e")}
  ORDER BY news.seq
  ON CONFLICT (endpoint_id, seq) DO NOTHING
  RETURNING 1
), moved AS (
  UPDATE endpoints e SET cursor = news.last
  FROM (SELECT max(seq) AS last FROM news) news, behind
  WHERE e.id = behind.id AND behind.cursor < news.last
)
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM news) AS read
"""  # noqa: S608 - constants alone
"""An endpoint that another transaction changes is left out, and gets these events in the next turn."""

_ONE_AT_A_TIME: Final = """
SELECT pg_advisory_xact_lock(4026531842), set_config('idle_in_transaction_session_timeout', '2000', true)
"""
"""Senders claim one after the other: each counts what the others have in flight. A process that is frozen in
between loses its session after two seconds."""

_BURST: Final = "GREATEST(0.25, 1 / e.max_rate)"
"""Seconds: a sender looks so often for what an endpoint's rate allows."""

_CLAIM: Final = f"""
WITH busy AS (
  SELECT endpoint_id, count(*) AS flying FROM deliveries WHERE leased_until > $1 GROUP BY endpoint_id
), room AS MATERIALIZED (
  SELECT * FROM (
    SELECT e.id, LEAST(
      $3,
      CASE WHEN e.failures < {FAILURES_BEFORE_PROBES} THEN e.max_in_flight - COALESCE(busy.flying, 0)
           WHEN busy.flying IS NULL AND COALESCE(e.next_probe_at <= $1, true) THEN 1 ELSE 0 END,
      CASE WHEN e.max_rate IS NOT NULL THEN CAST(floor(0.000001 + e.max_rate * ({_BURST} - EXTRACT(
             EPOCH FROM GREATEST(COALESCE(e.paced_until, $1), $1) - $1))) AS bigint) END
    ) AS places
    FROM endpoints e LEFT JOIN busy ON busy.endpoint_id = e.id
    WHERE e.state = 'enabled' AND e.app_id = ANY($4)
  ) AS each WHERE places > 0
), due AS (
  SELECT ready.id, row_number() OVER (PARTITION BY room.id ORDER BY ready.due_at, ready.seq) AS turn
  FROM room CROSS JOIN LATERAL (
    SELECT d.id, d.due_at, d.seq FROM deliveries d
    WHERE d.endpoint_id = room.id AND d.due_at <= $1 AND d.seq = COALESCE((
      SELECT earliest.seq FROM deliveries earliest
      WHERE earliest.endpoint_id = d.endpoint_id AND earliest.verification_id = d.verification_id
        AND earliest.due_at IS NOT NULL ORDER BY earliest.seq LIMIT 1), d.seq)
    ORDER BY d.due_at, d.seq LIMIT room.places FOR NO KEY UPDATE OF d SKIP LOCKED
  ) AS ready
), mine AS MATERIALIZED (
  SELECT id FROM due ORDER BY turn LIMIT $3
), claimed AS (
  UPDATE deliveries d SET fence = d.fence + 1, due_at = $2, leased_until = $2
  WHERE d.id = ANY(ARRAY(SELECT id FROM mine))
  RETURNING d.id, d.endpoint_id, d.app_id, d.seq, d.event_id, d.type, d.verification_id, d.n, d.created_at,
            d.fence, d.attempts, d.attempts_before
), paced AS (
  UPDATE endpoints e SET paced_until =
    GREATEST(COALESCE(e.paced_until, $1), $1) + taken.count / e.max_rate * interval '1 second'
  FROM (SELECT endpoint_id, count(*) AS count FROM claimed GROUP BY endpoint_id) AS taken
  WHERE e.id = taken.endpoint_id AND e.max_rate IS NOT NULL
)
SELECT claimed.*, COALESCE(event.at, claimed.created_at) AS at, CAST(event.body AS text) AS body,
       endpoint.updated_at AS changed_at,
       CASE WHEN endpoint.format = 'full' THEN (
         SELECT CAST(COALESCE(d.result_facts, d.callback_facts) AS text) FROM decisions d
         WHERE d.verification_id = claimed.verification_id) END AS facts
FROM claimed JOIN endpoints endpoint ON endpoint.id = claimed.endpoint_id
LEFT JOIN events event ON event.seq = claimed.seq AND event.seq = ANY(ARRAY(SELECT seq FROM claimed))
ORDER BY claimed.seq
"""  # noqa: S608 - constants alone
"""`verification_id` of an event of no verification is NULL, which equals nothing: those wait for no other.
Rows are looked up one by one, also while the tables are new and seem small: a plan from then would read them
whole at each claim.
A delivery whose event is deleted is claimed as well, so that its sender ends it."""
