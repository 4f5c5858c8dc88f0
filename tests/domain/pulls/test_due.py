"""When somebody must look at a verification next."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.apps.registration import Registration
from domain.model import State
from domain.pulls.budget import RESULT_KEPT
from domain.pulls.due import NO_LEASE, due_after_callback, due_after_registration
from domain.pulls.reconciliation import RECONCILE_RULES, first_look_at

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
DUE = NOW + timedelta(minutes=9)
LEASE = timedelta(seconds=60)
REGISTRATION = Registration("order-1", NOW, NOW + timedelta(minutes=50))


@pytest.mark.parametrize(
    ("is_open", "lease", "due_at"),
    [
        (False, LEASE, LATER + LEASE),
        (False, NO_LEASE, LATER),
        (True, LEASE, NOW + RESULT_KEPT),
        (True, NO_LEASE, NOW + RESULT_KEPT),
    ],
)
def test_after_a_callback(is_open: bool, lease: timedelta, due_at: datetime) -> None:
    assert due_after_callback(NOW, is_open=is_open, recorded_at=LATER, lease=lease) == due_at


@pytest.mark.parametrize(
    ("state", "has_ended", "is_news", "due_at"),
    [
        (State.RECEIVED, False, False, first_look_at(REGISTRATION)),
        (State.RECEIVED, False, True, first_look_at(REGISTRATION)),
        (State.EXPIRED, False, False, first_look_at(REGISTRATION)),
        (State.RECEIVED, True, False, DUE),
        (State.RECEIVED, True, True, NOW),
        (State.DECIDED, True, True, DUE),
        (State.DECIDED, False, True, DUE),
    ],
)
def test_after_a_registration(state: State, has_ended: bool, is_news: bool, due_at: datetime) -> None:
    found = due_after_registration(
        REGISTRATION,
        state=state,
        has_ended=has_ended,
        is_news=is_news,
        due_at=DUE,
        rules=RECONCILE_RULES,
    )
    assert found == due_at
