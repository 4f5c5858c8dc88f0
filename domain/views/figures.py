"""Figures of the store for operators: undecided verifications and dead letters, by app."""

import msgspec


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


class StoreFigures(msgspec.Struct, frozen=True):
    """The figures of the store at one moment."""

    open: list[OpenVerifications]
    letters: list[Letters]
