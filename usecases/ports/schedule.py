"""Which verification to look at, and when."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.lease import Lease
from domain.records import ClaimedVerifications, DueVerification


class Looks(Protocol):
    """Tells the workers which verification to look at, and when."""

    async def look_at(self, verification_id: UUID, at: datetime) -> None:
        """Order a look for then. A hint that never fails: a sweep looks a little later without it."""

    async def order_look(self, verification_id: UUID, at: datetime) -> None:
        """Order a look for then. Raises ServerAway."""


class SilentVerifications(Protocol):
    """Registered verifications whose callback has not come."""

    async def due_ids(self, app_ids: Sequence[str] | None, *, now: datetime, limit: int) -> list[UUID]:
        """The first `limit` that are due at `now`, of these apps (None: of all), soonest due first."""


class DueVerifications(Protocol):
    """Verifications that somebody must look at, each under a lease whose fence counts up with its holders."""

    async def claim(
        self, room: Mapping[str, int], *, now: datetime, lease: timedelta, silent: bool = False
    ) -> ClaimedVerifications:
        """Take the longest due ones of each app in `room`, up to that many; nobody else is given them for
        `lease`.

        `silent`: those without a final callback about which nobody asks, in the place of all others.
        """

    async def due_elsewhere(self, app_ids: Collection[str], *, now: datetime) -> dict[str, int]:
        """How many verifications are due of each app that is none of these."""

    async def claim_one(
        self, verification_id: UUID, app_ids: Collection[str], *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        """Take this one, if it is due and of one of these apps."""

    async def postpone(self, lease: Lease, *, until: datetime) -> None:
        """Look again then and not earlier."""

    async def expire(self, lease: Lease) -> None:
        """Nothing came of it, and the vendor keeps nothing any more."""

    async def end_unfinished(self, *, limit: int) -> int:
        """Let up to `limit` flows that go on, that nobody registered and that have no end, end with the
        vendor's day; how many there were."""


class HeldVerifications(Protocol):
    """Verifications that wait for their registration, because their app requires one."""

    async def await_registration(self, lease: Lease) -> None:
        """Hold a verification, unless it is registered meanwhile."""

    async def release(self, app_ids: Sequence[str], *, now: datetime, limit: int) -> int:
        """Make up to `limit` held ones of these apps due, the oldest first; how many there were."""


class ReturnedVerifications(Protocol):
    """Where it stands that a user's browser came back."""

    async def note_return(self, verification_id: UUID, *, now: datetime) -> bool:
        """Make a registered verification without a callback due, once; False for any other."""
