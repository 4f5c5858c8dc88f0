"""Erase what has been kept long enough, and destroy the keys of epochs of which nothing is left."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import EpochInUse
from domain.identity.keys.epochs import Epoch
from domain.identity.retention import Age, Due, Kind, Retention, Retentions
from domain.people.actor import Actor
from usecases.ports.audit import AuditLog

BATCH: Final = 500
"""Verifications of one transaction."""

BUDGET: Final = 6000
"""Verifications and rows of one run."""

_BY_SENDERS: Final = Kind.ATTEMPTS
"""The senders delete it themselves, as fast as they fill it."""

REST: Final = timedelta(minutes=1)
"""A class of which nothing more was due is looked at again after this time."""

LOOK_EVERY: Final = timedelta(hours=1)
"""Between two looks at epochs that are over."""


class Ages(Protocol):
    """What the store does by age. Every method raises ServerAway."""

    async def due(self, app_id: str, kind: Kind, *, before: datetime) -> Due:
        """How much is older, up to 10,000."""

    async def step(self, app_id: str, kind: Kind, *, before: datetime, now: datetime, limit: int) -> int:
        """Erase up to `limit`; how many were looked at."""

    async def look_at_lifted(self, app_id: str, kind: Kind, *, before: datetime, now: datetime) -> int:
        """Erase those whose hold was lifted; how many."""

    async def is_empty(self, app_id: str, *, begins: datetime, ends: datetime, wrapped: bytes) -> bool:
        """Whether nothing that the epoch's key wraps is left."""


class Overdue(Protocol):
    """Counts what should be gone."""

    async def count(self, ages: Sequence[Age]) -> list[Due]:
        """What there is of each age, up to a number. Raises ServerAway."""


class Keys(Protocol):
    """The epochs. Every method raises ServerAway."""

    async def epochs(self) -> list[Epoch]:
        """Every epoch."""

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key for good. Raises EpochInUse."""


class RetentionRun:
    """One run over all apps. `retentions`: by app. `keys` None: there is no key store. `actor`: who runs it,
    for the audit of destroyed epochs.
    """

    def __init__(
        self,
        ages: Ages,
        retentions: Retentions,
        *,
        keys: Keys | None,
        audit: AuditLog,
        actor: Actor,
        clock: Callable[[], datetime],
        prefix_of: Callable[[UUID], bytes],
    ) -> None:
        self._ages = ages
        self._retentions = retentions
        self._keys = keys
        self._audit = audit
        self._actor = actor
        self._clock = clock
        self._prefix_of = prefix_of
        self._epochs_due = clock()
        self._rests_until: dict[tuple[str, Kind], datetime] = {}
        self._turn: tuple[str, Kind] | None = None

    async def due(self) -> list[Due]:
        """What the next runs will look at, for every class of every app. Raises ServerAway."""
        ages = _ages(self._retentions, self._clock())
        return [await self._ages.due(each.app_id, each.kind, before=each.before) for each in ages]

    async def run(self, *, budget: int = BUDGET) -> list[Due]:
        """Erase up to `budget` verifications and rows, and destroy what epochs are empty; what was looked at.

        The next run begins behind the class that this one ended with, so that a large one keeps none waiting.
        Raises ServerAway: what is done stays done.
        """
        done = []
        for each in self._in_turn():
            if budget <= 0:
                break
            self._turn = (each.app_id, each.kind)
            count = await self._erase(each, budget)
            budget -= count
            done.append(Due(each.app_id, each.kind, count))
        if self._clock() >= self._epochs_due:
            self._epochs_due = self._clock() + LOOK_EVERY
            await self.destroy_epochs()
        return [each for each in done if each.count]

    async def destroy_epochs(self) -> Sequence[UUID]:
        """Destroy the keys of epochs whose identity's time has passed and of which no data is left. A held or
        an open verification keeps its epoch."""
        if self._keys is None:
            return []
        now = self._clock()
        over = [each for each in await self._keys.epochs() if self._is_over(each, now)]
        return [each.id for each in over if await self._destroy(self._keys, each, now)]

    def _in_turn(self) -> list[Age]:
        ages = [
            each
            for each in _ages(self._retentions, self._clock())
            if each.kind is not _BY_SENDERS and not self._rests(each.app_id, each.kind)
        ]
        names = [(each.app_id, each.kind) for each in ages]
        first = names.index(self._turn) + 1 if self._turn in names else 0
        return ages[first:] + ages[:first]

    async def _erase(self, age: Age, budget: int) -> int:
        app_id, kind, before = age.app_id, age.kind, age.before
        now, count = self._clock(), 0
        if kind in _OF_DECIDED:
            await self._ages.look_at_lifted(app_id, kind, before=before, now=now)
        while count < budget:
            limit = min(BATCH, budget - count)
            looked = await self._ages.step(app_id, kind, before=before, now=now, limit=limit)
            count += looked
            if looked < limit:
                self._rests_until[app_id, kind] = now + REST
                break
        return count

    def _rests(self, app_id: str, kind: Kind) -> bool:
        now, until = self._clock(), self._rests_until.get((app_id, kind))
        # After a clock was ahead, nothing rests for longer than `REST`.
        return until is not None and now < until <= now + REST

    def _is_over(self, epoch: Epoch, now: datetime) -> bool:
        retention = self._retentions.get(epoch.period.app_id)
        if not isinstance(retention, Retention) or epoch.destroyed_at is not None or not epoch.may_go(now):
            return False
        return epoch.period.ends <= retention.before(Kind.IDENTITY, now)

    async def _destroy(self, keys: Keys, epoch: Epoch, now: datetime) -> bool:
        period = epoch.period
        empty = await self._ages.is_empty(
            period.app_id, begins=period.begins, ends=period.ends, wrapped=self._prefix_of(epoch.id)
        )
        try:
            destroyed = empty and await keys.destroy(epoch.id, now=now)
        except EpochInUse:
            return False
        if destroyed:
            detail = {"begins": period.begins.isoformat(), "ends": period.ends.isoformat()}
            about = {"app_id": period.app_id, "subject": str(epoch.id), "detail": detail}
            await self._audit.note(AuditRow.by(self._actor, Action.EPOCH_DESTROYED, **about))
        return destroyed


_OF_DECIDED: Final[Collection[Kind]] = (Kind.RAW, Kind.IDENTITY)


async def overdue_of(overdue: Overdue, retentions: Retentions, *, clock: Callable[[], datetime]) -> list[Due]:
    """What should have been erased at least a day ago, by app and class. Raises ServerAway."""
    ages = _ages(retentions, clock() - timedelta(days=1))
    return [each for each in await overdue.count(ages) if each.count]


def _ages(retentions: Retentions, now: datetime) -> list[Age]:
    return [
        Age(app_id, kind, retention.before(kind, now))
        for app_id, retention in retentions.items()
        for kind in retention.kinds()
    ]
