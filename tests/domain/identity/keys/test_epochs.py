"""Epochs: which one covers a time, and when it may go."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

import pytest

from domain.identity.keys.epochs import GRACE, Epoch, period_of

SATURDAY = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_week_begins_on_monday() -> None:
    period = period_of("demo", SATURDAY)

    assert (period.begins, period.ends) == (MONDAY, MONDAY + WEEK)


@pytest.mark.parametrize(("at", "covered"), [(MONDAY, True), (MONDAY - timedelta(seconds=1), False)])
def test_period_has_its_begin_and_not_its_end(at: datetime, covered: bool) -> None:
    assert period_of("demo", SATURDAY).has(at) is covered
    assert period_of("demo", SATURDAY).has(at + WEEK) is not covered


def test_same_period_has_the_same_id_in_every_process() -> None:
    elsewhere = MONDAY.astimezone(timezone(timedelta(hours=8)))

    assert period_of("demo", elsewhere).id == period_of("demo", SATURDAY).id


def test_app_week_and_length_make_the_id() -> None:
    ids = {
        period_of("demo", SATURDAY).id,
        period_of("shop", SATURDAY).id,
        period_of("demo", SATURDAY + WEEK).id,
        period_of("demo", SATURDAY, length=timedelta(days=1)).id,
    }

    assert len(ids) == 4


def test_time_before_1970_has_a_period() -> None:
    assert period_of("demo", datetime(1969, 1, 1, tzinfo=UTC)).has(datetime(1969, 1, 1, tzinfo=UTC))


def test_epoch_may_go_when_no_late_clock_writes_to_it() -> None:
    epoch = Epoch(period_of("demo", SATURDAY), b"key")
    end = epoch.period.ends

    assert not epoch.may_go(end + GRACE - timedelta(seconds=1))
    assert epoch.may_go(end + GRACE)


def test_id_of_an_epoch_is_the_one_of_its_period_for_good() -> None:
    epoch = Epoch(period_of("demo", SATURDAY), b"key")
    destroyed = Epoch(epoch.period, None, destroyed_at=SATURDAY)

    assert epoch.id == destroyed.id == epoch.period.id
    assert epoch.id == uuid5(
        UUID("5f2d3c1e-7a53-4ed1-9c3b-0d1e0f8a6b42"), "demo 20260302T000000 20260309T000000"
    )


@pytest.mark.parametrize("hours", [1, 24, 36, 168])
def test_periods_of_any_length_follow_each_other_without_gaps(hours: int) -> None:
    length = timedelta(hours=hours)
    period = period_of("demo", SATURDAY, length=length)

    assert period.has(SATURDAY)
    assert period.ends - period.begins == length
    assert period_of("demo", period.ends, length=length).begins == period.ends
    assert period_of("demo", period.begins - timedelta(microseconds=1), length=length).ends == period.begins
