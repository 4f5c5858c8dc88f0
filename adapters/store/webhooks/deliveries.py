"""Deliveries as senders use them: fan out, claim, finish, and clear away."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.webhooks import claims
from adapters.store.webhooks.endpoints import PgEndpoints
from adapters.store.webhooks.results import result_writer
from domain.events.webhooks.delivery import ClaimedDelivery, EndedAttempt, EndWord, FannedOut
from domain.events.webhooks.endpoint import Endpoint


class PgDeliveries:
    """The deliveries of every endpoint. Every method raises DatabaseAway."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._results = result_writer(engine)

    async def fan_out(self, *, now: datetime, limit: int) -> FannedOut:
        """Make the deliveries of up to `limit` new events, and move the endpoints' cursors behind them."""
        return await claims.fan_out(self._engine, now=now, limit=limit)

    async def claim(
        self, *, now: datetime, lease: timedelta, room: int, apps: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """Claim up to `room` due deliveries of these apps: of each endpoint and verification the earliest
        pending one, and of each endpoint as many as it may have in flight."""
        return await claims.claim(self._engine, now=now, lease=lease, room=room, apps=apps)

    async def finish(self, end: EndedAttempt) -> bool:
        """Write what became of a claimed delivery; False, and nothing is written, if its lease is lost."""
        return await self._results.submit(end)

    async def end_unwanted(self, *, now: datetime, limit: int) -> int:
        """End up to `limit` pending deliveries of each endpoint that is disabled or deleted, and those that
        an endpoint no longer selects since a change within the last hour."""
        async with self._engine.begin() as connection:
            return (await connection.execute(_END_UNWANTED, {"now": now, "limit": limit})).rowcount

    async def delete_old(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` ended deliveries that were made before then, with their attempts."""
        async with self._engine.begin() as connection:
            return (await connection.execute(_DELETE_OLD, {"before": before, "limit": limit})).rowcount


class PgReceivers:
    """Endpoints with what is secret, read again when they have changed."""

    def __init__(self, endpoints: PgEndpoints) -> None:
        self._endpoints = endpoints
        self._known: dict[UUID, Endpoint] = {}

    async def of(self, changed_at: Mapping[UUID, datetime]) -> Mapping[UUID, Endpoint]:
        """The endpoints with these ids; without those that are deleted."""
        old = [key for key, at in changed_at.items() if not self._is_known(key, at)]
        if old:
            for key in old:
                self._known.pop(key, None)
            self._known |= {each.id: each for each in await self._endpoints.with_ids(old)}
        return {key: self._known[key] for key in changed_at if key in self._known}

    def _is_known(self, key: UUID, changed_at: datetime) -> bool:
        known = self._known.get(key)
        # Not `>=`: the clock of another process that changed it may be behind.
        return known is not None and known.updated_at == changed_at


_END_UNWANTED: Final = text(f"""
WITH RECURSIVE owing AS (
  (SELECT endpoint_id FROM deliveries WHERE due_at IS NOT NULL ORDER BY endpoint_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.endpoint_id FROM deliveries d
          WHERE d.due_at IS NOT NULL AND d.endpoint_id > owing.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
  FROM owing WHERE owing.endpoint_id IS NOT NULL
), unwanted AS (
  SELECT pending.id, CASE WHEN e.id IS NULL THEN '{EndWord.ENDPOINT_DELETED}'
                          WHEN e.state = 'disabled' THEN '{EndWord.ENDPOINT_DISABLED}'
                          ELSE '{EndWord.UNSUBSCRIBED}' END AS error
  FROM owing LEFT JOIN endpoints e ON e.id = owing.endpoint_id CROSS JOIN LATERAL (
    SELECT d.id FROM deliveries d
    WHERE d.endpoint_id = owing.endpoint_id AND d.due_at IS NOT NULL
      AND (d.leased_until IS NULL OR d.leased_until <= :now)
      AND (e.id IS NULL OR e.state = 'disabled' OR NOT {claims.selects_type("d", "e")})
    LIMIT :limit FOR NO KEY UPDATE OF d SKIP LOCKED
  ) AS pending
  WHERE e.id IS NULL OR e.state = 'disabled' OR e.updated_at > :now - interval '1 hour'
)
UPDATE deliveries d
SET state = 'failed', due_at = NULL, leased_until = NULL, fence = d.fence + 1, error = unwanted.error,
    ended_at = :now
FROM unwanted WHERE d.id = unwanted.id AND d.id = ANY(ARRAY(SELECT id FROM unwanted))
""")  # noqa: S608 - constants alone
"""The endpoints with pending deliveries are found one by one in an index, however many deliveries wait."""

_DELETE_OLD: Final = text("""
WITH old AS (
  SELECT id FROM deliveries WHERE created_at < :before AND state <> 'pending'
  LIMIT :limit FOR UPDATE SKIP LOCKED
), emptied AS (
  DELETE FROM attempts WHERE delivery_id = ANY(ARRAY(SELECT id FROM old))
)
DELETE FROM deliveries WHERE id = ANY(ARRAY(SELECT id FROM old))
""")
