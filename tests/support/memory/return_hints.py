"""Return hints in memory: what the ingress sends, and what the verification keeps of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from adapters.intake.queue import NUDGE_VERIFICATION
from domain.model import State
from tests.support.memory.servers import Job, MemoryDatabase, MemoryRedis


class MemoryReturnHints:
    """Messages to look at a verification after a grace; while Redis is away they are lost."""

    def __init__(self, redis: MemoryRedis, *, clock: Callable[[], datetime], grace: timedelta) -> None:
        self._redis = redis
        self._clock = clock
        self._grace = grace

    def note_return(self, verification_id: UUID) -> None:
        if not self._redis.is_away:
            job = Job(NUDGE_VERIFICATION, str(verification_id), self._clock() + self._grace)
            self._redis.jobs.setdefault(f"nudge:{verification_id}", job)


class MemoryReturnedVerifications:
    """Registered verifications without a callback; each is hinted at once only."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def note_return(self, verification_id: UUID, *, now: datetime) -> bool:
        async with self._database.call():
            row = self._database.verifications.get(verification_id)
            if row is None or row.registration is None or row.state is not State.CREATED or row.returned_at:
                return False
            row.returned_at = row.due_at = now
            row.fence += 1
            self._database.note(row.id, "browser.returned")
            return True
