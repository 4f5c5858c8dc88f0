"""When a worker must look at a verification next, after a callback or a registration."""

from datetime import datetime, timedelta
from typing import Final

from domain.apps.registration import Registration
from domain.model import State
from domain.pulls.budget import RESULT_KEPT
from domain.pulls.reconciliation import ReconcileRules, first_look_at

NO_LEASE: Final = timedelta(0)
"""For a callback whose recorder does not advance the verification itself."""


def due_after_callback(
    received_at: datetime, *, is_open: bool, recorded_at: datetime, lease: timedelta
) -> datetime:
    """A flow that is still running: when the vendor's day is over. One that has ended: at the end of the
    recorder's lease, or at once without one.
    """
    return received_at + RESULT_KEPT if is_open else recorded_at + lease


def due_after_registration(
    registration: Registration,
    *,
    state: State,
    has_ended: bool,
    is_news: bool,
    due_at: datetime | None,
    rules: ReconcileRules,
) -> datetime | None:
    """When to look at a verification that had callbacks before its registration.

    A flow that is still running is due like any registered one. `is_news`: the registration changes the
    result of the callback, so a flow that has ended is due now. Otherwise its due time stays.
    """
    if state is State.DECIDED:
        return due_at
    if not has_ended:
        return first_look_at(registration, rules=rules)
    return registration.registered_at if is_news else due_at
