"""A store whose verifications grow old, by a clock that tests set."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import prefix_of
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.retention import PgRetention
from domain.identity.retention import Due, Retentions
from domain.people.actor import Actor
from tests.support.storage.erasing import Erasing
from tests.support.storage.stores import NOW, Clock, whole_way
from usecases.identity.retain import RetentionRun


class Aging(Erasing):
    """Verifications that grow old; `run` is what a worker does by age."""

    def __init__(self, engine: AsyncEngine, keys: KeyRing, days: Retentions) -> None:
        super().__init__(engine, keys)
        self.clock = Clock(NOW)
        self.ages = PgRetention(engine)
        self.run = RetentionRun(
            self.ages,
            days,
            keys=self.kept,
            audit=self.audit,
            actor=Actor.gateway("worker"),
            clock=self.clock,
            prefix_of=prefix_of,
        )

    async def fill(self, *numbers: int) -> None:
        """Decided verifications, all of this moment."""
        for n in numbers:
            await whole_way(self, n)
        async with self.engine.begin() as connection:
            await connection.execute(text("UPDATE verifications SET created_at = :now"), {"now": NOW})

    async def later(self, days: float) -> list[Due]:
        """What a run does `days` after the decisions."""
        self.clock.now = NOW + timedelta(days=days)
        return await self.run.run()

    async def left(self) -> tuple[int, int]:
        """How many raw callbacks and identities are left."""
        [(raw,)] = await self.rows("SELECT count(*) FROM callbacks WHERE raw_ct IS NOT NULL")
        [(kept,)] = await self.rows("SELECT count(*) FROM verifications WHERE identity_ct IS NOT NULL")
        return raw, kept
