"""Where pages begin: rows are read in the order of a time and an id, newest first."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

Position = tuple[datetime, UUID]

OLDEST: Final = datetime.min.replace(tzinfo=UTC)
NEWEST: Final[Position] = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""asyncpg says -infinity and infinity for these times."""


def first_before(moment: datetime) -> Position:
    """The position behind which every row is from before `moment`."""
    return moment, UUID(int=0)
