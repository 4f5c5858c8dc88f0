"""Due verifications: each is claimed by one worker, under a lease with a fence."""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.keys.data_keys import DataKeys
from adapters.sealing.compression.raw import open_raw
from adapters.store.events.log import append
from adapters.store.recording.known import key_place, raw_callback_place, registration_of
from adapters.store.recording.owner_merges import OwnerMerges
from adapters.store.recording.owners import BizOwners
from adapters.store.statements import due_moves
from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.openings import note_late_evidence
from domain.errors import BrokenSeal
from domain.events.event import EventType, NewEvent
from domain.model import State
from domain.verifications.lease import DataKey, Lease
from domain.verifications.records import ClaimedVerifications, DueVerification

UNREADABLE_REST: Final = timedelta(hours=1)
"""How long a verification that no key decrypts is postponed."""

log = structlog.get_logger(__name__)


class PgDueVerifications:
    """The verifications whose `due_at` has passed. `owners` has the owner of a biz_id if apps share a vendor
    account; a verification of another app is not claimed, but moved to that app."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys, owners: BizOwners | None = None) -> None:
        self._engine = engine
        self._keys = keys
        self._owner_merges = OwnerMerges(engine, keys=keys, owners=owners or BizOwners())

    async def claim(
        self, room: Mapping[str, int], *, now: datetime, lease: timedelta, silent: bool = False
    ) -> ClaimedVerifications:
        """Claim each app's longest due verifications, up to its number in `room`; no other worker can claim
        them for `lease`.

        `silent`: only those without a final callback and without an operator's request, instead of the
        others. One that no configured key decrypts is logged and postponed by an hour, so it blocks no other.
        """
        values = {"apps": list(room), "places": list(room.values()), "silent": int(silent)}
        rows = await self._take(_CLAIM, **values, now=now, until=now + lease)
        opened, sealed = await self._to_advance(rows, now)
        if sealed:
            await self._put_off(sealed, until=now + UNREADABLE_REST)
        taken = Counter(row.app_id for row in rows)
        full = frozenset(app_id for app_id, places in room.items() if taken[app_id] >= places)
        return ClaimedVerifications(opened, full, len(sealed))

    async def due_elsewhere(self, app_ids: Collection[str], *, now: datetime) -> dict[str, int]:
        """The number of due verifications of each app that is not among these."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_ELSEWHERE, {"apps": list(app_ids), "now": now})
            return {row.app_id: row.waiting for row in rows}

    async def claim_one(
        self, verification_id: UUID, app_ids: Collection[str], *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        """Claim this verification if it is due and belongs to one of these apps."""
        values = {"id": verification_id, "apps": list(app_ids)}
        rows = await self._take(_CLAIM_ONE, **values, now=now, until=now + lease)
        opened, _ = await self._to_advance(rows, now)
        return opened[0] if opened else None

    async def postpone(self, lease: Lease, *, until: datetime) -> None:
        """Make it due again at `until`."""
        await self._write(_POSTPONE, lease, until=until)

    async def expire(self, lease: Lease) -> None:
        """Mark it as expired: the vendor no longer keeps a result, and no callback arrived."""
        shown = {"id": lease.verification_id, "fence": lease.fence}
        async with self._engine.begin() as connection:
            expired = (await connection.execute(_EXPIRE, shown)).all()
            events = [NewEvent(EventType.EXPIRED, verification_id=row.id) for row in expired]
            await append(connection, events)

    async def note(self, lease: Lease, *, event: str, detail: dict[str, object]) -> None:
        """Add the result of a requested pull to the timeline, which ends the request. A result that leads to
        another outcome than the decision opens a case, or is noted on the open one."""
        values = lease.verification_id, lease.fence, event, msgspec.json.encode(detail).decode()
        async with bulk_connection(self._engine, as_one=True) as connection:
            outcome = await connection.fetchval(_NOTE, *values)
            if outcome is not None and detail.get("outcome", outcome) != outcome:
                at = await connection.fetchval("SELECT now()")
                await note_late_evidence(connection, [lease.verification_id], what=event, at=at)

    async def _write(self, statement: Any, lease: Lease, **values: object) -> None:
        """Run a statement that does nothing if the lease is lost."""
        shown = {"id": lease.verification_id, "fence": lease.fence}
        async with self._engine.begin() as connection:
            await connection.execute(statement, shown | values)

    async def _take(self, statement: Any, **values: object) -> Sequence[Row[Any]]:
        async with self._engine.begin() as connection:
            return (await connection.execute(statement, values)).all()

    async def _put_off(self, ids: Collection[UUID], *, until: datetime) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(_PUT_OFF, {"ids": list(ids), "until": until})

    async def _to_advance(
        self, rows: Sequence[Row[Any]], now: datetime
    ) -> tuple[list[DueVerification], set[UUID]]:
        """The claimed verifications that may be advanced, and those that no key opens."""
        await self._keys.load(row.wrapped_key for row in rows)
        opened, sealed = self._opened(rows)
        left = await self._owner_merges.merge_into_owners(opened, now=now)
        mine = [due for due in opened if due.verification_id not in left.gone | left.sealed]
        return mine, sealed | left.sealed

    def _opened(self, rows: Iterable[Row[Any]]) -> tuple[list[DueVerification], set[UUID]]:
        """What opens, and what no key opens. What an absent key store opens is due when its lease ends."""
        opened: list[DueVerification] = []
        sealed: set[UUID] = set()
        for row in rows:
            try:
                with contextlib.suppress(KeysAway):
                    opened.append(self._open(row))
            except BrokenSeal:
                sealed.add(row.id)
                log.exception("verification.unreadable", app_id=row.app_id, verification_id=str(row.id))
        return opened, sealed

    def _open(self, row: Row[Any]) -> DueVerification:
        data_key = self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))
        return DueVerification(
            lease=Lease(row.id, row.app_id, row.fence, data_key),
            biz_id=row.biz_id,
            state=State(row.state),
            data=row.raw_ct and _open_callback(data_key, row),
            ended_at=row.ended_at,
            registration=registration_of(row),
            asked_at=row.asked_at,
            has_calls=row.has_calls,
        )


def _open_callback(data_key: DataKey, row: Row[Any]) -> bytes:
    """The raw bytes of the decided callback (`raw_ct`), which must match `final_digest`.

    Raises:
        BrokenSeal: another key, another place, changed bytes, or another callback's bytes.
    """
    data = open_raw(data_key, row.raw_ct, place=raw_callback_place(row.app_id, row.id))
    if hashlib.sha256(data).digest() != row.final_digest:
        raise BrokenSeal("callbacks.raw_ct: another callback's bytes")
    return data


_TAKE: Final = f"""
claimed AS (
  UPDATE verifications v SET {due_moves.TAKE} FROM due
  WHERE v.id = due.id AND v.id = ANY(ARRAY(SELECT id FROM due))
  RETURNING v.*
)
SELECT v.id, v.app_id, v.biz_id, v.biz_no, v.state, v.wrapped_key, v.final_digest, v.fence, v.ended_at,
       v.registered_at, v.expires_at, v.nudged_at, v.asked_at, c.raw_ct,
       EXISTS (SELECT FROM pulls p WHERE p.verification_id = v.id) AS has_calls
FROM claimed v LEFT JOIN callbacks c ON c.verification_id = v.id AND c.digest = v.final_digest
  AND c.verification_id = ANY(ARRAY(SELECT id FROM due))
"""  # noqa: S608 - constants alone

_CLAIM: Final = text(f"""
WITH room AS (
  SELECT * FROM unnest(CAST(:apps AS text[]), CAST(:places AS integer[])) AS t (app_id, places)
), due AS (
  SELECT ready.id FROM room CROSS JOIN LATERAL (
    SELECT v.id FROM verifications v
    WHERE v.app_id = room.app_id AND v.due_at <= :now AND NOT v.held
      AND CAST((v.final_digest IS NULL AND v.asked_at IS NULL AND v.state <> 'decided') AS integer) = :silent
    ORDER BY v.due_at LIMIT room.places FOR NO KEY UPDATE SKIP LOCKED
  ) ready
), {_TAKE}
""")  # noqa: S608 - constants alone
"""Each app's share is a separate index scan, so one with many due verifications does not displace others. A
condition that is cast to a number is the expression of an index; uncast, PostgreSQL would rewrite it."""

_CLAIM_ONE: Final = text(f"""
WITH due AS (
  SELECT id FROM verifications
  WHERE id = :id AND app_id = ANY(:apps) AND due_at <= :now AND NOT held
  FOR NO KEY UPDATE SKIP LOCKED
), {_TAKE}
""")  # noqa: S608 - constants alone

_POSTPONE: Final = text(f"""
UPDATE verifications SET {due_moves.REST} WHERE id = :id AND fence = :fence AND due_at IS NOT NULL
""")  # noqa: S608 - constants alone

_PUT_OFF: Final = text(f"""
UPDATE verifications SET {due_moves.REST} WHERE id = ANY(:ids) AND due_at IS NOT NULL
""")  # noqa: S608 - constants alone

_ELSEWHERE: Final = text("""
SELECT app_id, count(*) AS waiting FROM verifications
WHERE due_at <= :now AND NOT held AND app_id <> ALL(:apps) GROUP BY app_id
""")

_NOTE: Final = f"""
WITH answered AS (
  UPDATE verifications SET {due_moves.END} WHERE id = $1 AND fence = $2 RETURNING id
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT id, $3, CAST($4 AS jsonb) FROM answered
)
SELECT d.outcome FROM answered JOIN decisions d ON d.verification_id = answered.id
"""  # noqa: S608 - constants alone
"""Returns the decision's outcome, unless the lease is lost."""

_EXPIRE: Final = text(f"""
WITH leased AS (
  SELECT id, state FROM verifications
  WHERE id = :id AND fence = :fence AND state <> 'decided' AND final_digest IS NULL FOR NO KEY UPDATE
), expired AS (
  UPDATE verifications v SET state = 'expired', {due_moves.END}
  FROM leased WHERE v.id = leased.id AND v.id = :id
  RETURNING v.id
), noted AS (
  INSERT INTO timeline (verification_id, event) SELECT id, 'verification.expired' FROM expired
)
SELECT id FROM leased WHERE state <> 'expired'
""")  # noqa: S608 - constants alone
