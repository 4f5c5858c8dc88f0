"""Recording: callbacks, owners of biz_ids, registrations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.apps.registration import Registered, Registration
from domain.verifications.records import DecodedCallback, Recorded


class Recorder(Protocol):
    """The store of callbacks and their verifications."""

    async def record_all(
        self, decoded: Sequence[DecodedCallback], *, now: datetime
    ) -> list[Recorded | BaseException]:
        """Store each callback once. Each result is a `Recorded`, or the error for that callback."""


class Owners(Protocol):
    """The owners of biz_ids, for apps that share a vendor account."""

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` owners from before `before`, oldest first; returns their number."""


class Registrations(Protocol):
    """Registrations, before or after the callbacks."""

    async def register(self, app_id: str, biz_id: str, registration: Registration, *, by: str) -> Registered:
        """Register a verification, once. `by`: who asks; the timeline names it. Raises BrokenSeal."""
