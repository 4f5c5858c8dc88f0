"""How often a password may be guessed."""

import pytest

from domain.limits.throttle import Buckets, Rate
from domain.people.limits import BY_ADDRESS, BY_NAME

DAY = 24 * 60 * 60


def tries(rate: Rate, *, seconds: int, every: int) -> int:
    """How many of the tries that come `every` seconds are heard."""
    buckets = Buckets(rate)
    return sum(buckets.take("li.na", float(now)) == 0 for now in range(0, seconds, every))


@pytest.mark.parametrize(("rate", "burst", "wait"), [(BY_ADDRESS, 20, 30), (BY_NAME, 10, 60)])
def test_a_burst_is_heard_and_the_next_try_waits(rate: Rate, burst: int, wait: int) -> None:
    buckets = Buckets(rate)
    assert [buckets.take("li.na", 0) for _ in range(burst)] == [0] * burst
    assert buckets.take("li.na", 0) == pytest.approx(wait)
    assert buckets.take("li.na", wait - 1) == pytest.approx(1)
    assert buckets.take("li.na", wait + 0.001) == 0
    assert buckets.take("li.na", wait + 0.001) > 0


def test_a_name_that_waits_does_not_stop_another() -> None:
    buckets = Buckets(BY_NAME)
    for _ in range(11):
        buckets.take("li.na", 0)
    assert buckets.lacks("li.na", 0) > 0
    assert buckets.lacks("wang", 0) == 0


def test_a_day_of_guesses_at_one_name_has_one_try_a_minute() -> None:
    assert tries(BY_NAME, seconds=DAY, every=5) == pytest.approx(10 + DAY / 60, abs=2)


def test_a_colleague_who_errs_now_and_then_never_waits() -> None:
    assert tries(BY_NAME, seconds=DAY, every=90) == DAY / 90
