"""The blind index in memory: every decision is of this version."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.identity.numbers import canonical
from domain.policy.facts.facts import MOST_COUNTED, Velocity
from domain.verifications.lease import Lease
from tests.support.memory.servers import MemoryDatabase


class MemoryNumbers:
    """Nothing to index."""

    async def index_unnumbered(self, *, limit: int) -> int:
        return 0

    async def index_again(self, app_ids: Sequence[str], *, limit: int) -> int:
        return 0

    async def count_persons(self) -> None:
        pass


class MemoryVelocity:
    """Counts the verifications of an ID number."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def count(self, lease: Lease, number: str, *, at: datetime) -> Velocity | None:
        if (form := canonical(number)) is None:
            return None
        async with self._database.call():
            self._database.index_number(lease, number, at)
            others = [
                seen
                for other, (app_id, its_number, seen) in self._database.numbers.items()
                if other != lease.verification_id and (app_id, its_number) == (lease.app_id, form)
            ]
        month, day = (sum(seen >= at - timedelta(days=days) for seen in others) for days in (30, 1))
        return Velocity(min(month, MOST_COUNTED), min(day, MOST_COUNTED))
