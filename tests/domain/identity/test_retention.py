"""How long each class of data is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.identity.retention import Kind, Retention

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_defaults_are_a_week_and_ninety_days() -> None:
    assert Retention().before(Kind.RAW, NOW) == datetime(2026, 2, 22, 12, tzinfo=UTC)
    assert Retention().before(Kind.IDENTITY, NOW) == datetime(2025, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
def test_only_raw_data_has_the_days_of_raw_data(kind: Kind) -> None:
    days = 3 if kind is Kind.RAW else 400
    assert Retention(raw_days=3, identity_days=400).before(kind, NOW) == NOW - timedelta(days=days)


@pytest.mark.parametrize("kind", Kind)
def test_no_days_at_all_keep_nothing(kind: Kind) -> None:
    assert Retention(raw_days=0, identity_days=0).before(kind, NOW) == NOW


def test_a_leap_day_is_a_day() -> None:
    march = datetime(2028, 3, 1, tzinfo=UTC)
    assert Retention(raw_days=1).before(Kind.RAW, march) == datetime(2028, 2, 29, tzinfo=UTC)
