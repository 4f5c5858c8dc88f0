"""Decisions in memory; the first one is kept."""

from domain.model import State
from domain.verifications.records import DecisionRecord
from tests.support.memory.servers import MemoryDatabase


class MemoryDecisions:
    """One decision for each verification."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def save_once(self, decision_record: DecisionRecord) -> bool:
        async with self._database.call():
            row = self._database.leased(decision_record.lease)
            if row is None or row.id in self._database.decisions:
                return False
            self._database.decisions[row.id] = decision_record
            if decision_record.identity is not None:
                number, at = decision_record.identity.id_number, decision_record.decided_at
                self._database.index_number(decision_record.lease, number, at)
            row.state, row.due_at, row.asked_at = State.DECIDED, None, None
            self._database.note(row.id, "decision.saved")
            return True
