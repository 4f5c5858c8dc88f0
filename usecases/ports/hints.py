"""Hints between processes: a verification was decided, the policies must be read again."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from domain.policy.file import FileProblem


class Announcements(Protocol):
    """Wakes lookups that wait for a decision."""

    def expect(self, verification_ids: Iterable[UUID]) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when one of these verifications is announced inside the block."""


class Reloads(Protocol):
    """Has every process read its policies again."""

    async def order(self) -> list[FileProblem]:
        """Reload here and everywhere; what is wrong here, by file. Raises ServerAway: reloaded here only."""
