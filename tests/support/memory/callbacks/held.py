"""Held verifications in memory."""

from collections.abc import Sequence
from datetime import datetime

from domain.model import State
from domain.verifications.lease import Lease
from tests.support.memory.servers import MemoryDatabase


class MemoryHeldVerifications:
    """Holds verifications, and releases those of apps that require registration no longer."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def await_registration(self, lease: Lease) -> None:
        async with self._database.call():
            row = self._database.leased(lease)
            if row is not None and row.registration is None and row.state is not State.DECIDED:
                row.held = True
                self._database.note(row.id, "callback.held")

    async def release(self, app_ids: Sequence[str], *, now: datetime, limit: int) -> int:
        async with self._database.call():
            open_rows = [row for row in self._database.verifications.values() if row.held]
            chosen = [row for row in open_rows if row.app_id in app_ids and row.registration is None][:limit]
            for row in chosen:
                row.held = False
                row.due_at = row.due_at if row.final_digest is None else now
                self._database.note(row.id, "callback.released")
            return len(chosen)
