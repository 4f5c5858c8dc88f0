"""Retries follow the schedule and end; an endpoint is probed, then given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events.webhooks.schedule import SCHEDULE, Health, next_attempt

NOW = datetime(2026, 11, 28, tzinfo=UTC)
MIDDLE = 0.5


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 30), (3, 300), (4, 1800), (5, 7200), (6, 18_000), (7, 36_000), (8, 50_400), (9, 72_000)],
)
def test_pauses_are_those_of_the_schedule(attempts: int, seconds: int) -> None:
    assert next_attempt(attempts, now=NOW, chance=MIDDLE) == NOW + timedelta(seconds=seconds)


def test_the_schedule_ends_after_eleven_attempts() -> None:
    assert next_attempt(10, now=NOW, chance=MIDDLE) == NOW + timedelta(days=1)
    assert next_attempt(11, now=NOW, chance=MIDDLE) is None


@given(attempts=st.integers(1, len(SCHEDULE)), chance=st.floats(0, 1))
def test_a_pause_differs_from_the_schedule_by_a_tenth_at_most(attempts: int, chance: float) -> None:
    at = next_attempt(attempts, now=NOW, chance=chance)
    assert at is not None
    assert abs((at - NOW) / SCHEDULE[attempts - 1] - 1) <= 0.1 + 1e-6


@pytest.mark.parametrize(
    ("wish", "pause"),
    [
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(days=9), timedelta(hours=1)),
    ],
)
def test_retry_after_lengthens_a_pause_by_an_hour_at_most(wish: timedelta, pause: timedelta) -> None:
    assert next_attempt(1, now=NOW, chance=MIDDLE, retry_after=wish) == NOW + pause


def test_retry_after_does_not_prolong_a_used_up_schedule() -> None:
    assert next_attempt(11, now=NOW, chance=MIDDLE, retry_after=timedelta(hours=1)) is None


def test_five_failures_in_a_row_lead_to_probes_and_a_success_ends_them() -> None:
    health = Health()
    for _ in range(4):
        health = health.failed(NOW)
    assert not health.is_probed
    assert health.failed(NOW).is_probed
    assert not health.failed(NOW).succeeded().is_probed


def test_an_endpoint_is_given_up_after_five_days_and_alarming_after_half() -> None:
    health = Health().failed(NOW).failed(NOW + timedelta(days=4))
    assert not health.is_alarming(NOW + timedelta(days=2))
    assert health.is_alarming(NOW + timedelta(days=2.5))
    assert not health.is_given_up(NOW + timedelta(days=4.9))
    assert health.is_given_up(NOW + timedelta(days=5))
    assert not health.succeeded().is_given_up(NOW + timedelta(days=9))
