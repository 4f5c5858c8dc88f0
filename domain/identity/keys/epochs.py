"""Epochs: one key for the data of one app and one week. Destroying it makes that week unreadable.

An epoch's id is computed from its app and its times, so two processes that create it at once mean the same
one, and a destroyed epoch cannot return under another id.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

import msgspec

WEEK: Final = timedelta(days=7)

LEAD: Final = timedelta(days=1)
"""How long before it begins a process makes the next epoch, so that an outage at midnight is not felt."""

GRACE: Final = timedelta(days=1)
"""How long after its end an epoch may still be written to, by a process whose clock is late."""

_NAMESPACE: Final = UUID("5f2d3c1e-7a53-4ed1-9c3b-0d1e0f8a6b42")
_FIRST_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)


class Period(msgspec.Struct, frozen=True):
    """The app and the time that an epoch is for, from `begins` (included) to `ends`."""

    app_id: str
    begins: datetime
    ends: datetime

    @property
    def id(self) -> UUID:
        """The id of its epoch."""
        return _id_of(self)

    def has(self, at: datetime) -> bool:
        """Whether it covers this time."""
        return self.begins <= at < self.ends


@lru_cache(maxsize=4096)
def _id_of(period: Period) -> UUID:
    times = f"{period.begins:%Y%m%dT%H%M%S} {period.ends:%Y%m%dT%H%M%S}"
    return uuid5(_NAMESPACE, f"{period.app_id} {times}")


def period_of(app_id: str, at: datetime, *, length: timedelta = WEEK) -> Period:
    """The period of this app that covers a time. Weeks begin on Monday, 00:00 UTC."""
    begins = _FIRST_MONDAY + (at - _FIRST_MONDAY) // length * length
    return Period(app_id, begins.astimezone(UTC), (begins + length).astimezone(UTC))


class Epoch(msgspec.Struct, frozen=True):
    """An epoch as its store keeps it. `wrapped`: its key, wrapped by the master key; None once destroyed.

    A destroyed epoch stays in the store without its key, so that it is never created again.
    """

    period: Period
    wrapped: bytes | None
    destroyed_at: datetime | None = None

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.period.id

    def may_go(self, now: datetime) -> bool:
        """Whether nothing is written to it any more, so that it may be destroyed."""
        return now >= self.period.ends + GRACE


class Erased(msgspec.Struct, frozen=True):
    """An entry of the erasure ledger. `key`: an opaque id of the erased data key. `position`: from 1, without
    gaps."""

    position: int
    key: str
    at: datetime


class KeyStoreState(msgspec.Struct, frozen=True):
    """The identity of a key store, and counts that only grow: a smaller one shows that it was rolled back.

    `epochs` includes the destroyed ones; `erased` is the position of the ledger's last entry.
    """

    id: UUID
    epochs: int
    destroyed: int
    erased: int
