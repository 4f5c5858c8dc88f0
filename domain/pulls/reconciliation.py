"""Registered verifications: when to pull without a callback."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.apps.registration import Registration
from domain.pulls.budget import PULL_LIMIT, RESULT_KEPT, Pull, Wait, sent_calls

NEAR_LOSS: Final = timedelta(hours=22)
"""From this age on, an undecided verification is about to be lost and raises an alarm."""


class ReconcileRules(msgspec.Struct, frozen=True):
    """When to pull the result of a verification without a callback.

    `grace`: delay of the first pull after the token's expiry. `last_look`: delay of the last pull after the
    vendor's day began, while it still keeps the result. Neither comes before the token's expiry: integrators
    report that such calls destroyed the result.
    """

    grace: timedelta = timedelta(minutes=15)
    last_look: timedelta = timedelta(hours=20)


RECONCILE_RULES: Final = ReconcileRules()


class Look(msgspec.Struct, frozen=True):
    """Pull now, with one of the first `limit` calls."""

    limit: int


class Expire(msgspec.Struct, frozen=True):
    """Nothing arrived, and no further call is possible."""


def next_look(
    registration: Registration,
    ledger: Sequence[Pull],
    *,
    now: datetime,
    rules: ReconcileRules = RECONCILE_RULES,
) -> Look | Wait | Expire:
    """The next step at `now` for a registered verification without a callback.

    One call after its user's browser came back, one after its token expired, and the last one while the
    vendor still keeps the result. A call without an answer about the verification is repeated, up to the
    look's limit.
    """
    if now >= registration.day_begins + RESULT_KEPT:
        return Expire()
    looks = sorted(_looks(registration, rules))
    reached = [look for look in looks if look[0] <= now]
    if reached:
        at, limit = reached[-1]
        spent = sent_calls(ledger)
        # A call that got no answer about the verification (a time-out, a refused key) does not count.
        if len(spent) < limit and not any(pull.is_answered and pull.started_at >= at for pull in spent):
            return Look(limit)
    upcoming = [at for at, _ in looks if at > now]
    return Wait(upcoming[0]) if upcoming else Expire()


def first_look_at(registration: Registration, *, rules: ReconcileRules = RECONCILE_RULES) -> datetime:
    """When to pull for the first time without a callback."""
    first = min(registration.expires_at + rules.grace, registration.day_begins + rules.last_look)
    return max(registration.expires_at, first)


def _looks(registration: Registration, rules: ReconcileRules) -> list[tuple[datetime, int]]:
    """The times of the pulls, and how many calls may be spent by then."""
    first = first_look_at(registration, rules=rules)
    last = max(registration.expires_at, registration.day_begins + rules.last_look)
    looks = [(first, 2), (last, PULL_LIMIT)]
    return [*looks, (registration.returned_at, 1)] if registration.returned_at else looks
