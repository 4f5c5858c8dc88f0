"""The hours of a chart: full hours, the running one last."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.views.outcomes import hour_of, hours_until

MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "after",
    [timedelta(0), timedelta(microseconds=1), timedelta(minutes=59, seconds=59, microseconds=999_999)],
)
def test_an_hour_begins_at_its_full_hour(after: timedelta) -> None:
    assert hour_of(MIDNIGHT + after) == MIDNIGHT


def test_an_hour_keeps_its_time_zone() -> None:
    """India is half an hour off: its full hours are not those of UTC."""
    india = timezone(timedelta(hours=5, minutes=30))
    assert hour_of(datetime(2026, 11, 28, 12, 45, tzinfo=india)) == datetime(2026, 11, 28, 6, 30, tzinfo=UTC)


def test_the_running_hour_is_the_last_and_the_days_before_are_crossed() -> None:
    hours = hours_until(MIDNIGHT + timedelta(minutes=5), count=3)
    assert hours == [MIDNIGHT - timedelta(hours=2), MIDNIGHT - timedelta(hours=1), MIDNIGHT]


def test_one_hour_is_the_running_one_and_none_is_none() -> None:
    assert hours_until(MIDNIGHT, count=1) == [MIDNIGHT]
    assert hours_until(MIDNIGHT, count=0) == []
