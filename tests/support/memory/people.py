"""Rows of people, in memory."""


class MemoryPeopleUpkeep:
    """Counts how often it is asked to forget."""

    def __init__(self) -> None:
        self.count = 0

    async def forget(self) -> int:
        self.count += 1
        return 0
