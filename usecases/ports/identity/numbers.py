"""The blind index of ID numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.policy.facts.facts import Velocity
from domain.verifications.lease import Lease


class NumberUpkeep(Protocol):
    """Keeps the index complete. Every method raises ServerAway."""

    async def index_unnumbered(self, *, limit: int) -> int:
        """Index up to `limit` verifications that an older version decided; returns how many there were."""

    async def index_again(self, app_ids: Sequence[str], *, limit: int) -> int:
        """Hash up to `limit` numbers again whose digests are by an older master key; returns how many there
        were."""

    async def count_persons(self) -> None:
        """Count the distinct numbers of each app, and forget how many identities were read long ago."""


class NumberVelocity(Protocol):
    """How often an ID number is verified, for the decision on one of its verifications."""

    async def count(self, lease: Lease, number: str, *, at: datetime) -> Velocity | None:
        """Index the number of the leased verification, then count the others with it before `at`.

        Of several that are decided at the same moment each counts the others, or those that were faster: none
        is overlooked by all. None: there is no number in this text. Raises ServerAway.
        """


class NumberCounts(Protocol):
    """How often an ID number was verified. Every method raises ServerAway."""

    async def count(self, app_id: str, number: str, *, since: datetime, most: int) -> int:
        """The verifications of an app with this number since then, up to `most`."""

    async def note(self, app_id: str, verification: UUID, number: str, *, at: datetime) -> None:
        """Index the number of an ordered verification."""
