"""The callbacks of a group that is recorded together, with what the statements need of each."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.model import verification_id
from domain.policy.decide import is_open
from domain.records import DecodedCallback

Mark = tuple[int, bytes]
"""Which callback of which verification."""


class Entry:
    """One callback of a group, with what the statements need of it.

    `key` stands for its verification and `mark` for itself, in numbers and bytes, which are compared faster
    than UUIDs.
    """

    def __init__(self, decoded: DecodedCallback, *, now: datetime) -> None:
        self.callback = decoded.callback
        self.payload = decoded.payload
        self.awaits_registration = decoded.awaits_registration
        self.leased = decoded.leased
        self.now = now
        self.place = (self.callback.app_id, self.payload.biz_id)
        self.id = verification_id(*self.place)
        self.key = self.id.int
        self.digest = self.callback.digest
        self.mark = (self.key, self.digest)
        self.is_open = is_open(self.payload.status_word)

    def of(self, owner: str | None) -> "Entry":
        """The same callback as one of the app that its biz_id belongs to."""
        if owner is None or owner == self.callback.app_id:
            return self
        callback = msgspec.structs.replace(self.callback, app_id=owner)
        return Entry(
            DecodedCallback(callback, self.payload, self.awaits_registration, self.leased), now=self.now
        )


def one_per_verification(entries: Iterable[Entry]) -> list[Entry]:
    """One entry per verification, a final callback before an open one, in key order.

    The order is the same in every process: two groups that share verifications then wait for each other
    instead of ending in a deadlock.
    """
    chosen: dict[int, Entry] = {}
    for entry in entries:
        standing = chosen.setdefault(entry.key, entry)
        if standing.is_open and not entry.is_open:
            chosen[entry.key] = entry
    return [chosen[key] for key in sorted(chosen)]
