"""Where workers take accepted callbacks from."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from domain.model import AcceptedCallback
from domain.records import Claim


class Inbox(Protocol):
    """Where workers take batches from."""

    async def claim(self, *, lease: timedelta, limit: int = ..., finished: Sequence[str] = ()) -> Claim:
        """Claim a group of batches of up to `limit` callbacks, oldest first; nobody else is given them for
        `lease`. One that was claimed before, and neither finished nor postponed, comes alone. `finished`
        batches are forgotten first."""

    async def finish(self, batch_ids: Sequence[str]) -> None:
        """Forget batches: every callback of them is recorded."""

    async def renew(self, batch_ids: Sequence[str], *, lease: timedelta) -> None:
        """Let the lease of claimed batches begin again: they are still being recorded."""

    async def postpone(self, batch_ids: Sequence[str], *, pause: timedelta) -> None:
        """Let them be claimed again after `pause`: they did not fail by their own fault."""

    async def split(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Replace a batch by one batch for each of its callbacks, all at once; each is claimed alone."""

    async def set_aside(self, batch_id: str) -> None:
        """Put a batch that no key opens out of the line; it is kept."""

    async def take_back(self, *, after: timedelta) -> int:
        """Put batches that were set aside for `after` into the line again; how many."""

    async def wake_another(self) -> None:
        """Let another worker help with what waits."""
