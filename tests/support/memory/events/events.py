"""The upkeep of an event log that nobody reads."""

from collections.abc import Sequence
from datetime import datetime

from domain.policy.file.policy import Policy


class MemoryEventUpkeep:
    """Has nothing to do."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        return 0

    async def count(self, *, limit: int) -> int:
        return 0

    async def activate(self, policies: Sequence[Policy]) -> int:
        return 0
