"""Lookups for the internal api: verifications and timelines, with masked identity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.keys.data_keys import DataKeys
from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.decisions.decisions import unseal_identity
from adapters.store.lookups.found_rows import FoundRow, find_rows
from adapters.store.lookups.lists import find_ids
from adapters.store.recording.known import key_place, registration_of
from adapters.store.statements.bulk import bulk_connection
from adapters.store.tables.verifications import timeline
from adapters.tasks.coalescer import Coalescer
from adapters.tasks.giving_way import giving_way
from domain.errors import BrokenSeal
from domain.model import Identity, verification_id
from domain.pulls.budget import RESULT_KEPT
from domain.views.masking import mask_identity
from domain.views.verifications import Filters, ReviewMark, TimelineEvent, VerificationRecord

_STATES: Final = "SELECT id, state FROM verifications WHERE id = ANY($1)"

log = structlog.get_logger(__name__)


class PgLookups:
    """Verifications by id, by filter, and their timelines."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys) -> None:
        self._engine = engine
        self._keys = keys
        self._looks = Coalescer[tuple[UUID, ...], list[str]](self._look, systemic=(DatabaseAway,))
        # A connection that no longer answers holds up its own group alone.
        self._finds = Coalescer[tuple[UUID, ...], list[FoundRow]](
            self._find, lanes=2, systemic=(DatabaseAway,)
        )

    async def find(self, app_ids: Sequence[str], biz_id: str) -> list[VerificationRecord]:
        """The verifications with this biz_id among these apps: none, one, or one per app."""
        ids = tuple(verification_id(app_id, biz_id) for app_id in app_ids)
        return await self._records(await self._finds.submit(ids))

    async def states(self, ids: tuple[UUID, ...]) -> list[str]:
        """The states of these verifications, as far as they exist, in one statement."""
        return await self._looks.submit(ids)

    async def _find(self, searches: list[tuple[UUID, ...]]) -> list[list[FoundRow]]:
        return await find_rows(self._engine, searches)

    async def _look(self, looks: list[tuple[UUID, ...]]) -> list[list[str]]:
        async with bulk_connection(self._engine) as connection:
            rows = await connection.fetch(_STATES, [*set().union(*looks)])
        states: dict[UUID, str] = {row["id"]: row["state"] for row in rows}
        return [[states[each] for each in ids if each in states] for ids in looks]

    async def page(
        self, filters: Filters, *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[VerificationRecord]:
        """The newest verifications that match `filters`, after `after` (created_at, id)."""
        ids = await find_ids(self._engine, filters, limit=limit, after=after)
        [rows] = await find_rows(self._engine, [tuple(ids)])
        return await self._records(rows)

    async def timeline(self, verification: UUID) -> list[TimelineEvent]:
        """Every event of a verification, oldest first."""
        t = timeline.c
        statement = select(t.at, t.event, t.detail).where(t.verification_id == verification).order_by(t.id)
        async with self._engine.connect() as connection:
            return [TimelineEvent(*row) for row in await connection.execute(statement)]

    async def _records(self, rows: Sequence[FoundRow]) -> list[VerificationRecord]:
        await self._keys.load(row.wrapped_key for row in rows if row.identity_ct is not None)
        return [self._record(row) async for row in giving_way(rows)]

    def _record(self, row: FoundRow) -> VerificationRecord:
        return VerificationRecord(
            id=row.id,
            app_id=row.app_id,
            biz_id=row.biz_id,
            biz_no=row.biz_no,
            state=row.state,
            vendor_status=row.vendor_status,
            outcome=row.outcome,
            basis=row.basis,
            reasons=row.reasons or [],
            policy_name=row.policy_name,
            policy_version=row.policy_version,
            facts=row.facts,
            identity=self._masked_identity(row),
            pulls_used=row.pulls_used,
            pulls_until=_kept_until(row),
            registered_at=row.registered_at,
            expires_at=row.expires_at,
            held=row.held,
            received_at=row.received_at,
            decided_at=row.decided_at,
            created_at=row.created_at,
            concluded=row.concluded,
            review=_review(row),
            erased_at=row.erased_at,
        )

    def _masked_identity(self, row: FoundRow) -> Identity | None:
        if row.identity_ct is None or row.wrapped_key is None:
            return None
        try:
            data_key = self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))
            identity = unseal_identity(data_key, row.identity_ct, app_id=row.app_id, verification_id=row.id)
        except KeysAway:
            # The key store's outage is in the log already.
            return None
        except BrokenSeal:
            # Its decision is still readable, and so is every other verification of a list.
            log.exception("identity.unreadable", app_id=row.app_id, verification_id=str(row.id))
            return None
        return mask_identity(identity)


def _review(row: FoundRow) -> ReviewMark | None:
    if row.case_id is None or row.case_state is None:
        return None
    return ReviewMark(row.case_id, row.case_state)


def _kept_until(row: FoundRow) -> datetime | None:
    """Until when the vendor certainly keeps the result."""
    registration = registration_of(row)
    since: datetime | None = row.ended_at
    if since is None and registration is not None:
        since = registration.day_begins
    return since and since + RESULT_KEPT
