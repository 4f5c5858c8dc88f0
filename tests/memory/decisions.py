"""Decisions in memory: the first one stands."""

from domain.model import State
from domain.records import SettledVerification
from tests.memory.servers import MemoryDatabase


class MemoryDecisions:
    """One decision for each verification."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def save_once(self, settled: SettledVerification) -> bool:
        async with self._database.call():
            row = self._database.leased(settled.lease)
            if row is None or row.id in self._database.decisions:
                return False
            self._database.decisions[row.id] = settled
            row.state, row.due_at, row.asked_at = State.DECIDED, None, None
            self._database.note(row.id, "decision.saved")
            return True
