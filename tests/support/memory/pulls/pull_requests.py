"""Operators' requests for a pull in memory."""

from datetime import datetime
from uuid import UUID

from domain.audit.row import AuditRow
from domain.pulls.budget import PullRules
from domain.pulls.request import Candidate, Refusal, refuse_pull
from tests.support.memory.servers import MemoryDatabase


class MemoryPullRequests:
    """Makes a verification due for one call, or returns why not."""

    def __init__(self, database: MemoryDatabase, *, rules: PullRules) -> None:
        self._database = database
        self._rules = rules

    async def ask(
        self, verification_id: UUID, *, now: datetime, by: str, audit: AuditRow | None = None
    ) -> Refusal | None:
        async with self._database.call():
            row = self._database.verifications[verification_id]
            ledger = [
                call.as_pull(n)
                for (owner, n), call in sorted(self._database.pulls.items())
                if owner == verification_id
            ]
            candidate = Candidate(
                row.state, row.held, row.ended_at, row.registration, row.asked_at, row.due_at
            )
            refusal = refuse_pull(candidate, ledger, now=now, rules=self._rules)
            if refusal is None:
                row.asked_at = row.due_at = now
                row.fence += 1
                self._database.note(row.id, "pull.requested", by=by)
            return refusal
