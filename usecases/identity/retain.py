"""Erase what has been kept long enough, and destroy the keys of epochs of which nothing is left."""

from collections import Counter, deque
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

        The classes of all apps take turns, a batch each, so that a large one keeps none waiting. The next run
        goes on behind the class that this one ended with. Raises ServerAway: what is done stays done.
        """
        done: Counter[tuple[str, Kind]] = Counter()
        waiting = self._in_turn()
        while waiting and budget > 0:
            age, limit = waiting.popleft(), min(BATCH, budget)
            self._turn = turn = (age.app_id, age.kind)
            looked = await self._erase(age, limit)
            done[turn] += looked
            budget -= looked
            if looked == limit:
                waiting.append(age)
        if self._clock() >= self._epochs_due:
            self._epochs_due = self._clock() + LOOK_EVERY
            await self.destroy_epochs()
        return [Due(app_id, kind, count) for (app_id, kind), count in done.items() if count]

    async def destroy_epochs(self) -> Sequence[UUID]:
        """Destroy the keys of epochs whose identity's time has passed and of which no data is left. A held or
        an open verification keeps its epoch."""
        if self._keys is None:
            return []
        now = self._clock()
        over = [each for each in await self._keys.epochs() if self._is_over(each, now)]
        return [each.id for each in over if await self._destroy(self._keys, each, now)]

    def _in_turn(self) -> deque[Age]:
        """What does not rest: class by class, and each class app by app, from behind the last turn."""
        ages = sorted(_ages(self._retentions, self._clock()), key=lambda each: [*Kind].index(each.kind))
        names = [(each.app_id, each.kind) for each in ages]
        first = names.index(self._turn) + 1 if self._turn is not None else 0
        return deque(
            each
            for each in ages[first:] + ages[:first]
            if each.kind is not _BY_SENDERS and not self._rests(each.app_id, each.kind)
        )

    async def _erase(self, age: Age, limit: int) -> int:
        """Erase one batch; how many were looked at. If there is no more, the class rests."""
        app_id, kind, before, now = age.app_id, age.kind, age.before, self._clock()
        if kind in _OF_DECIDED:
            await self._ages.look_at_lifted(app_id, kind, before=before, now=now)
        looked = await self._ages.step(app_id, kind, before=before, now=now, limit=limit)
        if looked < limit:
            self._rests_until[app_id, kind] = now + REST
        return looked

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
