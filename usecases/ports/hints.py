"""Hints between processes: a verification was decided, or the policies changed."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from domain.policy.file.policy import FileProblem


class Announcements(Protocol):
    """Wakes lookups that wait for a decision."""

    def expect(self, verification_ids: Iterable[UUID]) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when one of these verifications is announced inside the block."""


class Reloads(Protocol):
    """Reloads the policies of every process."""

    async def order(self) -> list[FileProblem]:
        """Reload in every process and return this process's problems, by file. Raises ServerAway: reloaded
        here only.
        """
