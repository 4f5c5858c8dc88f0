"""The schedule: which verification to look at, and when."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.verifications.lease import Lease
from domain.verifications.records import ClaimedVerifications, DueVerification


class Looks(Protocol):
    """Schedules looks at verifications for the workers."""

    async def look_at(self, verification_id: UUID, at: datetime) -> None:
        """Schedule a look. Never raises: if it is lost, a sweep looks a little later."""

    async def order_look(self, verification_id: UUID, at: datetime) -> None:
        """Schedule a look. Raises ServerAway."""


class SilentVerifications(Protocol):
    """Registered verifications whose callback has not come."""

    async def due_ids(self, app_ids: Sequence[str] | None, *, now: datetime, limit: int) -> list[UUID]:
        """The first `limit` that are due at `now`, of these apps (None: of all), earliest due first."""


class DueVerifications(Protocol):
    """Verifications that a worker must look at, each claimed under a lease with a fence."""

    async def claim(
        self, room: Mapping[str, int], *, now: datetime, lease: timedelta, silent: bool = False
    ) -> ClaimedVerifications:
        """Claim each app's longest due verifications, up to its number in `room`; no other worker can claim
        them for `lease`.

        `silent`: only those without a final callback and without an operator's request, instead of the
        others.
        """

    async def due_elsewhere(self, app_ids: Collection[str], *, now: datetime) -> dict[str, int]:
        """The number of due verifications of each app that is not among these."""

    async def claim_one(
        self, verification_id: UUID, app_ids: Collection[str], *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        """Claim this verification if it is due and belongs to one of these apps."""

    async def postpone(self, lease: Lease, *, until: datetime) -> None:
        """Make it due again at that time, not earlier."""

    async def expire(self, lease: Lease) -> None:
        """Mark it as expired: no callback arrived, and the vendor no longer keeps a result."""


class LeftVerifications(Protocol):
    """Verifications as a worker of an older version leaves them."""

    async def end_unfinished(self, *, limit: int) -> int:
        """Give up to `limit` unregistered, running flows without a due time the end of the vendor's day;
        returns their number.
        """

    async def list_decided(self, app_ids: Sequence[str], *, limit: int) -> int:
        """List up to `limit` decided ones of these apps by their outcome; how many there were."""

    async def list_modes(self, *, limit: int) -> int:
        """List up to `limit` decided ones by the confirmation mode; how many there were."""

    async def list_reasons(self, *, limit: int) -> int:
        """List up to `limit` decided ones by their reasons; how many there were."""


class HeldVerifications(Protocol):
    """Verifications that wait for their registration because their app requires one."""

    async def await_registration(self, lease: Lease) -> None:
        """Hold a verification, unless it has been registered meanwhile."""

    async def release(self, app_ids: Sequence[str], *, now: datetime, limit: int) -> int:
        """Make up to `limit` held verifications of these apps due, oldest first; returns their number."""


class ReturnedVerifications(Protocol):
    """Notes on verifications that their user's browser came back."""

    async def note_return(self, verification_id: UUID, *, now: datetime) -> bool:
        """Make a registered verification without a callback due, once; False for any other."""
