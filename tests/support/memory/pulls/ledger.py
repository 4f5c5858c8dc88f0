"""The ledger of pulls in memory."""

from datetime import datetime
from uuid import UUID

from domain.pulls.budget import Pull, PullState
from domain.verifications.lease import Lease
from domain.verifications.records import FinishedPull
from tests.support.memory.servers import Call, MemoryDatabase


class MemoryLedger:
    """Calls by verification and number."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def of(self, verification_id: UUID) -> list[Pull]:
        async with self._database.call():
            return [call.as_pull(n) for n, call in self._calls(verification_id)]

    async def reserve(self, lease: Lease, n: int, *, now: datetime) -> bool:
        async with self._database.call():
            verification_id = lease.verification_id
            if self._database.leased(lease) is None:
                return False
            for earlier, call in self._calls(verification_id):
                if earlier < n and call.state is PullState.RESERVED:
                    call.state = PullState.UNKNOWN
            stored = self._database.pulls.get((verification_id, n))
            if stored is not None and stored.state is not PullState.NOT_SENT:
                return False
            self._database.pulls[verification_id, n] = Call(PullState.RESERVED, now)
            return True

    async def finish(self, pull: FinishedPull) -> None:
        async with self._database.call():
            call = self._database.pulls[pull.verification_id, pull.n]
            if call.end != pull:
                self._database.note(pull.verification_id, "pull.finished")
            if pull.answer.state is not PullState.NOT_SENT or call.started_at <= pull.finished_at:
                call.state, call.end = pull.answer.state, pull

    async def answer_of(self, lease: Lease) -> bytes | None:
        async with self._database.call():
            ends = [call.end.answer for _, call in self._calls(lease.verification_id) if call.end]
            answered = [answer.body for answer in ends if answer.body and not answer.error]
            return answered[-1] if answered else None

    def _calls(self, verification_id: UUID) -> list[tuple[int, Call]]:
        return [
            (n, call) for (owner, n), call in sorted(self._database.pulls.items()) if owner == verification_id
        ]
