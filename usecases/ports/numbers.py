"""The blind index of ID numbers."""

from collections.abc import Sequence
from typing import Protocol


class NumberUpkeep(Protocol):
    """Keeps the index complete. Every method raises ServerAway."""

    async def index_unnumbered(self, *, limit: int) -> int:
        """Index up to `limit` verifications that an older version decided; returns how many there were."""

    async def index_again(self, app_ids: Sequence[str], *, limit: int) -> int:
        """Hash up to `limit` numbers again whose digests are by an older master key; returns how many there
        were."""

    async def count_persons(self) -> None:
        """Count the distinct numbers of each app, and forget how many identities were read long ago."""
