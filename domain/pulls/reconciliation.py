"""Registered verifications: what their callback must match, when to ask for their result without one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.callback.parts import Payload
from domain.pulls.budget import PULL_LIMIT, RESULT_KEPT, Pull, Wait, sent_calls
from domain.records import Registration

NEAR_LOSS: Final = timedelta(hours=22)
"""From then on a verification without a decision is about to be lost: an alarm."""


class ReconcileRules(msgspec.Struct, frozen=True):
    """When a verification without a callback is asked for.

    `grace`: for the first time, so long after its token's expiry. `last_look`: for the last time, so long
    after the vendor's day began, which still keeps the result. Neither comes before the token's expiry:
    integrators report that such calls destroyed the result.
    """

    grace: timedelta = timedelta(minutes=15)
    last_look: timedelta = timedelta(hours=20)


RECONCILE_RULES: Final = ReconcileRules()


class Look(msgspec.Struct, frozen=True):
    """Ask the vendor now, by one of the first `limit` calls."""

    limit: int


class Expire(msgspec.Struct, frozen=True):
    """Nothing came, and nothing more can be asked for."""


def biz_no_differs(payload: Payload, registration: Registration | None) -> bool:
    """Whether a payload names another order than the one that was registered, or none.

    The vendor echoes the biz_no that get_token was given (callback page, `biz_info`).
    """
    return registration is not None and payload.biz_no != registration.biz_no


def orders_differ(one: Payload, other: Payload) -> bool:
    """Whether two payloads name different orders; one that names none is no contradiction."""
    return None not in (one.biz_no, other.biz_no) and one.biz_no != other.biz_no


def next_look(
    registration: Registration,
    ledger: Sequence[Pull],
    *,
    now: datetime,
    rules: ReconcileRules = RECONCILE_RULES,
) -> Look | Wait | Expire:
    """What to do at `now` about a registered verification whose callback has not come.

    One call when its user's browser came back, one when its token has expired, the last one while the
    vendor still keeps the result. A call that told nothing is made again, as far as the look's limit goes.
    """
    if now >= registration.day_begins + RESULT_KEPT:
        return Expire()
    looks = sorted(_looks(registration, rules))
    reached = [look for look in looks if look[0] <= now]
    if reached:
        at, limit = reached[-1]
        spent = sent_calls(ledger)
        # What said nothing about the verification, a time-out or a refused key, was no look.
        if len(spent) < limit and not any(pull.told and pull.started_at >= at for pull in spent):
            return Look(limit)
    upcoming = [at for at, _ in looks if at > now]
    return Wait(upcoming[0]) if upcoming else Expire()


def first_look_at(registration: Registration, *, rules: ReconcileRules = RECONCILE_RULES) -> datetime:
    """When to ask for the first time about a verification without a callback."""
    first = min(registration.expires_at + rules.grace, registration.day_begins + rules.last_look)
    return max(registration.expires_at, first)


def _looks(registration: Registration, rules: ReconcileRules) -> list[tuple[datetime, int]]:
    """When to ask, and how many calls may have been spent by then."""
    first = first_look_at(registration, rules=rules)
    last = max(registration.expires_at, registration.day_begins + rules.last_look)
    looks = [(first, 2), (last, PULL_LIMIT)]
    return [*looks, (registration.nudged_at, 1)] if registration.nudged_at else looks
