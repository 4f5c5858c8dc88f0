"""The callbacks of a group that is recorded together, with the values for the statements."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.callback.words import is_open
from domain.events.event import EventType, NewEvent
from domain.model import CallbackKind, verification_id
from domain.verifications.records import DecodedCallback

Mark = tuple[int, bytes]
"""The verification and the digest of a callback."""

CONFLICT: Final = "callback.conflict"
"""On the timeline: a callback that contradicts what is known."""


class Entry:
    """One callback of a group, with the values for the statements.

    `key` identifies its verification and `mark` the callback, as numbers and bytes, which compare faster than
    UUIDs.
    """

    def __init__(self, decoded: DecodedCallback, *, now: datetime) -> None:
        self.callback = decoded.callback
        self.payload = decoded.payload
        self.awaits_registration = decoded.awaits_registration
        self.leased = decoded.leased
        self.now = now
        self.ref = (self.callback.app_id, self.payload.biz_id)
        self.id = verification_id(*self.ref)
        self.key = self.id.int
        self.digest = self.callback.digest
        self.mark = (self.key, self.digest)
        self.is_open = is_open(self.payload.status_word)

    def of(self, owner: str | None) -> "Entry":
        """The same callback, assigned to the owner of its biz_id."""
        if owner is None or owner == self.callback.app_id:
            return self
        callback = msgspec.structs.replace(self.callback, app_id=owner)
        return Entry(
            DecodedCallback(callback, self.payload, self.awaits_registration, self.leased), now=self.now
        )


def one_per_verification(entries: Iterable[Entry]) -> list[Entry]:
    """One entry per verification, preferably with a final callback, in key order.

    The order is the same in every process, so two groups that share verifications wait for each other
    instead of deadlocking.
    """
    chosen: dict[int, Entry] = {}
    for entry in entries:
        earlier = chosen.setdefault(entry.key, entry)
        if earlier.is_open and not entry.is_open:
            chosen[entry.key] = entry
    return [chosen[key] for key in sorted(chosen)]


class CallbackRow(msgspec.Struct, frozen=True):
    """What is stored of a new callback; `event` and `detail` are for the timeline."""

    verification_id: UUID
    digest: bytes
    kind: CallbackKind
    secret_index: int
    seen: int
    received_at: datetime
    event: str
    detail: dict[str, object]

    @property
    def is_conflict(self) -> bool:
        """Whether it contradicts what is known."""
        return self.event == CONFLICT

    def as_event(self) -> NewEvent:
        """The event that tells of the conflict."""
        detail = {"kind": self.kind}
        return NewEvent(EventType.CONFLICT, verification_id=self.verification_id, detail=detail)
