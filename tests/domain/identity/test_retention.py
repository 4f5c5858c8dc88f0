"""How long each class of data is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.events.webhooks.delivery import KEPT_FOR
from domain.identity.retention import DAYS_OF, Due, Kind, Retention, SharedRetention

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_ONCE = (Kind.RAW, Kind.IDENTITY, Kind.EXPIRED, Kind.LETTERS, Kind.IMAGES)


def test_defaults_are_a_week_ninety_days_three_years_and_five() -> None:
    assert Retention().before(Kind.IMAGES, NOW) == datetime(2026, 2, 22, 12, tzinfo=UTC)
    assert Retention().before(Kind.RAW, NOW) == datetime(2026, 2, 22, 12, tzinfo=UTC)
    assert Retention().before(Kind.IDENTITY, NOW) == datetime(2025, 12, 1, 12, tzinfo=UTC)
    assert Retention().before(Kind.DECISIONS, NOW) == datetime(2023, 3, 2, tzinfo=UTC)
    assert SharedRetention().before(Kind.AUDIT, NOW) == datetime(2021, 3, 2, tzinfo=UTC)


def test_deliveries_are_kept_as_long_as_they_can_be_recovered() -> None:
    assert Retention().before(Kind.ATTEMPTS, NOW) == NOW - KEPT_FOR


def test_every_class_belongs_to_each_app_or_to_all_together() -> None:
    assert sorted(Retention.kinds() + SharedRetention.kinds()) == sorted(Kind)
    assert list(DAYS_OF) == list(Kind)


@pytest.mark.parametrize("kind", AT_ONCE)
def test_raw_data_and_images_have_days_of_their_own(kind: Kind) -> None:
    days, kept = {Kind.RAW: 3, Kind.IMAGES: 2}.get(kind, 400), Retention(3, 400, images_days=2)
    assert kept.before(kind, NOW) == NOW - timedelta(days=days)


@pytest.mark.parametrize("kind", AT_ONCE)
def test_no_days_at_all_keep_nothing(kind: Kind) -> None:
    assert Retention(raw_days=0, identity_days=0, images_days=0).before(kind, NOW) == NOW


@pytest.mark.parametrize("kind", [Kind.DECISIONS, Kind.UNDECIDED])
def test_whole_verifications_go_once_a_day(kind: Kind) -> None:
    days = Retention(decision_days=1)
    assert days.before(kind, NOW) == days.before(kind, NOW + timedelta(hours=11))
    assert days.before(kind, NOW) == datetime(2026, 2, 28, tzinfo=UTC)


def test_what_is_held_may_not_go() -> None:
    assert Due("demo", Kind.RAW, 3, held=1).free == 2


def test_a_leap_day_is_a_day() -> None:
    march = datetime(2028, 3, 1, tzinfo=UTC)
    assert Retention(raw_days=1).before(Kind.RAW, march) == datetime(2028, 2, 29, tzinfo=UTC)
