"""What an older version leaves, in memory: every row is written by this version."""

from collections.abc import Sequence


class MemoryLeftovers:
    """Nothing to complete."""

    async def end_unfinished(self, *, limit: int) -> int:
        return 0

    async def list_decided(self, app_ids: Sequence[str], *, limit: int) -> int:
        return 0

    async def list_modes(self, *, limit: int) -> int:
        return 0

    async def list_reasons(self, *, limit: int) -> int:
        return 0
