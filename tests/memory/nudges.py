"""Nudges in memory: word that a browser came back, and where it stands."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from adapters.queue import NUDGE_VERIFICATION
from domain.model import State
from tests.memory.servers import Job, MemoryDatabase, MemoryRedis


class MemoryNudges:
    """Jobs after a grace, one for each verification; without Redis there is none."""

    def __init__(self, redis: MemoryRedis, *, grace: timedelta, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._grace = grace
        self._clock = clock

    def nudge(self, verification_id: UUID) -> None:
        if not self._redis.is_away:
            job = Job(NUDGE_VERIFICATION, str(verification_id), self._clock() + self._grace)
            self._redis.jobs.setdefault(f"nudge:{verification_id}", job)


class MemoryNudgedVerifications:
    """Where it stands that a user's browser came back."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def nudge(self, verification_id: UUID, *, now: datetime) -> bool:
        async with self._database.call():
            row = self._database.verifications.get(verification_id)
            if row is None or row.registration is None or row.state is not State.CREATED or row.nudged_at:
                return False
            row.nudged_at = row.due_at = now
            self._database.note(row.id, "browser.returned")
            return True
