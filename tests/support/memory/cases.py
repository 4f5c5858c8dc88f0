"""Cases in memory: this gateway has none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.people.actor import Actor
from domain.reviews.case import ReviewCase
from domain.reviews.errors import NoSuchCase
from domain.reviews.step import Decide


class MemoryCases:
    """Nothing to tend."""

    async def change(
        self, case_id: UUID, app_ids: Sequence[str], decide: Decide, *, actor: Actor
    ) -> ReviewCase:
        raise NoSuchCase

    async def due(self, *, now: datetime, limit: int) -> list[tuple[UUID, str]]:
        return []
