"""Retention: how long data is kept, by class."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

EVERY_APP: Final = ""
"""In the place of an app's id, for classes that belong to no single app."""


class Kind(StrEnum):
    """A class of data with a time of its own.

    `raw`: raw callbacks and results, from the decision. `identity`: all that can be read of the identity,
    from the decision. `expired`: the same of verifications that ended without a decision, from their begin.
    `letters`: dead letters, from their last failure. `images`: pictures, from when they were stored.
    `decisions`: the whole verification with decision, facts, timeline and reviews, from the decision.
    `undecided`: the same without a decision, from the begin. `attempts`: deliveries with their attempts,
    which senders delete. `audit`: rows of the audit.
    """

    RAW = "raw"
    IDENTITY = "identity"
    EXPIRED = "expired"
    LETTERS = "letters"
    IMAGES = "images"
    DECISIONS = "decisions"
    UNDECIDED = "undecided"
    ATTEMPTS = "attempts"
    AUDIT = "audit"


DAYS_OF: Final[Mapping[Kind, str]] = {
    Kind.RAW: "raw_days",
    Kind.IDENTITY: "identity_days",
    Kind.EXPIRED: "identity_days",
    Kind.LETTERS: "identity_days",
    Kind.IMAGES: "images_days",
    Kind.DECISIONS: "decision_days",
    Kind.UNDECIDED: "decision_days",
    Kind.ATTEMPTS: "attempt_days",
    Kind.AUDIT: "audit_days",
}
"""The member of `Retention` or `SharedRetention` that has each class's days."""

_BY_THE_DAY: Final = frozenset({Kind.DECISIONS, Kind.UNDECIDED, Kind.AUDIT})
"""What goes once a day, since the audit gets a row each time."""


class _Days(msgspec.Struct, frozen=True):
    """How many days each class is kept."""

    @classmethod
    def kinds(cls) -> tuple[Kind, ...]:
        """The classes, in the order in which they go."""
        return tuple(kind for kind, name in DAYS_OF.items() if name in cls.__struct_fields__)

    def before(self, kind: Kind, now: datetime) -> datetime:
        """What is older than this has been kept long enough."""
        cut: datetime = now - timedelta(days=getattr(self, DAYS_OF[kind]))
        return cut.replace(hour=0, minute=0, second=0, microsecond=0) if kind in _BY_THE_DAY else cut


class Retention(_Days, frozen=True):
    """How many days an app's data is kept. Nothing is deleted as a whole before its identity is erased."""

    raw_days: int = 7
    identity_days: int = 90
    decision_days: int = 1095
    attempt_days: int = 30
    images_days: int = 7


class SharedRetention(_Days, frozen=True):
    """How many days is kept what belongs to no single app."""

    audit_days: int = 1825


Retentions = Mapping[str, Retention | SharedRetention]
"""By app; under EVERY_APP what belongs to none."""


class Age(msgspec.Struct, frozen=True):
    """An app's data of a class from `before` or earlier."""

    app_id: str
    kind: Kind
    before: datetime


class Due(msgspec.Struct, frozen=True):
    """What an app has that was kept long enough: `count`, up to 10,000. `held` of them by legal holds."""

    app_id: str
    kind: Kind
    count: int
    held: int = 0

    @property
    def free(self) -> int:
        """How many may go."""
        return self.count - self.held
