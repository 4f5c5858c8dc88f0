"""Retention: how long an app's data is kept, by class."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """A class of data with a time of its own.

    `raw`: raw callbacks and results, from the decision. `identity`: all that can be read of the identity,
    from the decision. `expired`: the same of verifications that ended without a decision, from their begin.
    `letters`: dead letters, from their last failure.
    """

    RAW = "raw"
    IDENTITY = "identity"
    EXPIRED = "expired"
    LETTERS = "letters"


class Retention(msgspec.Struct, frozen=True):
    """How many days an app's data is kept."""

    raw_days: int = 7
    identity_days: int = 90

    def before(self, kind: Kind, now: datetime) -> datetime:
        """What is older than this has been kept long enough."""
        return now - timedelta(days=self.raw_days if kind is Kind.RAW else self.identity_days)


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
