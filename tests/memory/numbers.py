"""The blind index in memory: every decision is of this version, and indexed nowhere."""

from collections.abc import Sequence


class MemoryNumbers:
    """Nothing to index."""

    async def index_unnumbered(self, *, limit: int) -> int:
        return 0

    async def index_again(self, app_ids: Sequence[str], *, limit: int) -> int:
        return 0

    async def count_persons(self) -> None:
        pass
