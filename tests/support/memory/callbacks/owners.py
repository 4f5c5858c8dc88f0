"""Owners of biz_ids in memory: no app shares its account, so there are none."""

from datetime import datetime


class MemoryOwners:
    """Nothing to forget."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        return 0
