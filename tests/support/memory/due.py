"""Due verifications in memory, each under a lease with a fence."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from domain.model import State
from domain.verifications.lease import Lease
from domain.verifications.records import ClaimedVerifications, DueVerification
from tests.support.memory.servers import MemoryDatabase, Verification


class MemoryDueVerifications:
    """The verifications whose `due_at` has passed."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def claim(
        self, room: Mapping[str, int], *, now: datetime, lease: timedelta, silent: bool = False
    ) -> ClaimedVerifications:
        async with self._database.call():
            due = [(row.due_at, row) for row in self._database.verifications.values() if row.due_at]
            ready = [(at, row) for at, row in due if at <= now and not row.held and _is_silent(row) is silent]
            ready.sort(key=lambda each: each[0])
            shares = {
                app_id: [row for _, row in ready if row.app_id == app_id][:slots]
                for app_id, slots in room.items()
            }
            opened = [self._take(row, until=now + lease) for share in shares.values() for row in share]
            full = frozenset(app_id for app_id, share in shares.items() if len(share) >= room[app_id])
            return ClaimedVerifications(opened, full)

    async def due_elsewhere(self, app_ids: Collection[str], *, now: datetime) -> dict[str, int]:
        async with self._database.call():
            rows = self._database.verifications.values()
            due = [row.app_id for row in rows if row.due_at and row.due_at <= now and not row.held]
            return dict(Counter(app_id for app_id in due if app_id not in app_ids))

    async def claim_one(
        self, verification_id: UUID, app_ids: Collection[str], *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        async with self._database.call():
            row = self._database.verifications.get(verification_id)
            if row is None or row.due_at is None or row.due_at > now or row.held or row.app_id not in app_ids:
                return None
            return self._take(row, until=now + lease)

    async def postpone(self, lease: Lease, *, until: datetime) -> None:
        async with self._database.call():
            row = self._database.leased(lease)
            if row is not None and row.due_at is not None:
                row.due_at = until

    async def expire(self, lease: Lease) -> None:
        async with self._database.call():
            row = self._database.leased(lease)
            if row and row.state is not State.DECIDED and row.final_digest is None:
                row.state, row.due_at, row.asked_at = State.EXPIRED, None, None
                self._database.note(row.id, "verification.expired")

    async def note(self, lease: Lease, *, event: str, detail: dict[str, object]) -> None:
        async with self._database.call():
            row = self._database.leased(lease)
            if row is not None:
                row.due_at = row.asked_at = None
                self._database.note(row.id, event, **detail)

    def _take(self, row: Verification, *, until: datetime) -> DueVerification:
        row.due_at, row.fence = until, row.fence + 1
        final = self._database.callbacks.get((row.id, row.final_digest or b""))
        return DueVerification(
            lease=row.lease,
            biz_id=row.biz_id,
            state=row.state,
            data=None if final is None else final.callback.data,
            ended_at=row.ended_at,
            registration=row.registration,
            asked_at=row.asked_at,
            has_calls=any(key == row.id for key, _ in self._database.pulls),
        )


def _is_silent(row: Verification) -> bool:
    return row.final_digest is None and row.asked_at is None and row.state is not State.DECIDED
