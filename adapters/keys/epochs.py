"""The epochs that one process works with: one call of the key store for each, then from memory.

A key stays for `life` after the store last confirmed it. `follow` confirms all of them together, so an
outage of the store that is shorter than `life` is not felt. A destroyed epoch leaves at the next
confirmation.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from adapters.keys.away import KeysAway
from adapters.keys.cached import OpenedEpochs
from adapters.keys.patient import PatientCalls
from adapters.sealing.envelope import KeyRing, SealingKey, place_of
from domain.errors import BrokenSeal
from domain.identity.keys.epochs import LEAD, WEEK, Epoch, KeyStoreState, Period, period_of
from domain.views.operations.processes import KeysStatus

LIFE: Final = timedelta(hours=1)
CONFIRM_EVERY: Final = timedelta(minutes=1)
MOST: Final = 4096
"""Opened epochs of one process: 79 apps with a year of weeks each."""

log = structlog.get_logger(__name__)


class EpochStore(Protocol):
    """What a process needs of a key store."""

    async def state(self) -> KeyStoreState:
        """Its identity and counts. Raises KeysAway, also if it must not be used."""

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """The stored epoch of this period, created if there is none."""

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed."""


class Epochs:
    """Opens and makes epoch keys. `clock` decides in which week new data falls."""

    def __init__(
        self,
        store: EpochStore,
        ring: KeyRing,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        length: timedelta = WEEK,
        life: timedelta = LIFE,
        most: int = MOST,
    ) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._length = length
        self._opened = OpenedEpochs(monotonic, life=life, most=most)
        self._calls = PatientCalls(monotonic)
        self._periods: dict[str, Period] = {}
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self, app_ids: Iterable[str]) -> None:
        """Have the epochs in which these apps' new data falls. Raises KeysAway."""
        now = self._clock()
        await self._create_missing([self._period(app_id, now) for app_id in set(app_ids)])

    def current(self, app_id: str) -> tuple[UUID, SealingKey]:
        """The prepared epoch of this app. Raises KeysAway if it is not prepared."""
        epoch_id = self._period(app_id, self._clock()).id
        opened = self._opened.get(epoch_id)
        if opened is None or opened.key is None:
            raise KeysAway("the key of the current epoch is not loaded")
        return epoch_id, opened.key

    async def at(self, app_id: str, at: datetime) -> tuple[UUID, SealingKey]:
        """The epoch of that time; the current one if that is destroyed. Raises KeysAway."""
        period = period_of(app_id, at, length=self._length)
        await self._create_missing([period])
        opened = self._opened.get(period.id)
        if opened is not None and opened.key is not None:
            return period.id, opened.key
        await self.prepare([app_id])
        return self.current(app_id)

    async def load(self, ids: Iterable[UUID]) -> None:
        """Open these epochs, as far as the store answers; for the others `key` raises."""
        if missing := self._missing(ids):
            with contextlib.suppress(KeysAway):
                async with self._one_at_a_time:
                    await self._open(self._missing(missing))

    def key(self, epoch_id: UUID) -> SealingKey:
        """The key of a loaded epoch.

        Raises:
            BrokenSeal: the epoch is destroyed, or the store has none with this id.
            KeysAway: it is not loaded.
        """
        opened = self._opened.get(epoch_id)
        if opened is None:
            raise KeysAway("the key of an epoch is not loaded")
        if opened.key is None:
            raise BrokenSeal("the epoch is destroyed, or unknown to the key store")
        return opened.key

    def status(self) -> KeysStatus:
        """What heartbeats tell of the store and of the keys in memory."""
        return KeysStatus(self._calls.is_up, self._calls.failures, self._opened.left())

    async def follow(self, *, every: timedelta = CONFIRM_EVERY) -> None:
        """Confirm what is open, repeatedly, until cancelled."""
        while True:
            await asyncio.sleep(every.total_seconds())
            with contextlib.suppress(KeysAway):
                await self.confirm()

    async def confirm(self) -> None:
        """Ask the store whether it is the right one and about every open epoch, and make the next ones.

        Raises:
            KeysAway: the keys stay until their life ends.
        """
        async with self._one_at_a_time:
            await self._calls.call(self._store.state)
            await self._open(self._opened.ids())
        soon = self._clock() + LEAD
        await self._create_missing([period_of(app, soon, length=self._length) for app in self._periods])

    def _period(self, app_id: str, now: datetime) -> Period:
        known = self._periods.get(app_id)
        if known is None or not known.has(now):
            known = self._periods[app_id] = period_of(app_id, now, length=self._length)
        return known

    def _missing(self, ids: Iterable[UUID]) -> set[UUID]:
        return {each for each in ids if self._opened.get(each) is None}

    async def _create_missing(self, periods: Collection[Period]) -> None:
        if self._missing(each.id for each in periods):
            async with self._one_at_a_time:
                missing = self._missing(each.id for each in periods)
                await asyncio.gather(*(self._create(each) for each in periods if each.id in missing))

    async def _create(self, period: Period) -> None:
        _, offered = self._ring.new_data_key(place=epoch_place(period))
        self._keep(await self._calls.call(lambda: self._store.create(period, offered)))

    async def _open(self, ids: set[UUID]) -> None:
        if not ids:
            return
        found = await self._calls.call(lambda: self._store.find(ids))
        for epoch in found:
            self._keep(epoch)
        for unknown in ids - {epoch.id for epoch in found}:
            self._opened.put(unknown, None)

    def _keep(self, epoch: Epoch) -> None:
        self._opened.put(epoch.id, self._key_of(epoch))

    def _key_of(self, epoch: Epoch) -> SealingKey | None:
        if epoch.wrapped is None:
            return None
        try:
            return self._ring.unwrap_data_key(epoch.wrapped, place=epoch_place(epoch.period))
        except BrokenSeal:
            log.exception("epoch.unreadable", app_id=epoch.period.app_id, epoch_id=str(epoch.id))
            return None


def epoch_place(period: Period) -> str:
    """The place of an epoch's key, for wrapping."""
    return place_of(period.app_id, "key_epochs.wrapped", period.id)
