"""The workers' side of the inbox."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from domain.model import AcceptedCallback
from domain.verifications.records import Claim


class Inbox(Protocol):
    """Batches of accepted callbacks, for workers to claim."""

    async def claim(self, *, lease: timedelta, limit: int = ..., finished: Sequence[str] = ()) -> Claim:
        """Claim a group of batches of up to `limit` callbacks, oldest first; no other worker can claim them
        for `lease`. A batch that was claimed before, and neither finished nor postponed, comes alone.
        `finished` batches are deleted first.
        """

    async def finish(self, batch_ids: Sequence[str]) -> None:
        """Delete batches whose callbacks are all recorded."""

    async def renew(self, batch_ids: Sequence[str], *, lease: timedelta) -> None:
        """Restart the lease of claimed batches that are still being recorded."""

    async def postpone(self, batch_ids: Sequence[str], *, pause: timedelta) -> None:
        """Make them claimable again after `pause`, without counting a failed attempt."""

    async def split(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Replace a batch by one batch for each of its callbacks, in one transaction; each is claimed
        alone.
        """

    async def set_aside(self, batch_id: str) -> None:
        """Take a batch that no key decrypts out of the queue; it is kept."""

    async def take_back(self, *, after: timedelta) -> int:
        """Queue batches again that were set aside for `after`; returns their number."""

    async def wake_another(self) -> None:
        """Wake another worker for the waiting batches."""
