"""Figures of the store for operators: undecided verifications and dead letters, by app."""

import msgspec

from domain.views.operations.identity_figures import IdentityFigures
from domain.views.reviews import ReviewFigures


class OpenVerifications(msgspec.Struct, frozen=True):
    """The number of an app's verifications in a state before the decision, and how many are near loss:
    `domain.pulls.reconciliation.NEAR_LOSS` after the vendor's day began. `held` of them wait for their
    registration and are never near loss; `oldest_held` is the age of the oldest in seconds."""

    app_id: str
    state: str
    count: int
    near_loss: int
    held: int
    oldest_held: float


class Letters(msgspec.Struct, frozen=True):
    """The number of an app's dead letters with one reason, and how many of them are being retried."""

    app_id: str
    reason: str
    count: int
    retried: int


class Deliveries(msgspec.Struct, frozen=True):
    """An app's deliveries: pending ones, those made within a day that failed, and the age of the oldest
    pending one in seconds."""

    app_id: str
    pending: int
    failed: int
    oldest: float


class Endpoints(msgspec.Struct, frozen=True):
    """The number of an app's endpoints in a state, and for how many seconds the one has failed that fails
    longest."""

    app_id: str
    state: str
    count: int
    failing: float


class EventLog(msgspec.Struct, frozen=True):
    """The ends of the event log: `seq` of the oldest and of the newest event, 0 if there is none, and the age
    of the oldest in seconds. `counts`: the events of each type so far, as of the last sweep."""

    oldest: int = 0
    newest: int = 0
    oldest_seconds: float = 0.0
    counts: dict[str, int] = {}


class StoreFigures(msgspec.Struct, frozen=True):
    """The figures of the store at one moment. `audit_late`: rows of the audit of more than an hour ago that
    are in no block, up to 1000."""

    open: list[OpenVerifications]
    letters: list[Letters]
    deliveries: list[Deliveries] = []
    endpoints: list[Endpoints] = []
    events: EventLog = EventLog()
    reviews: ReviewFigures = ReviewFigures()
    identity: IdentityFigures = IdentityFigures()
    audit_late: int = 0
