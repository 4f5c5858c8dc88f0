"""A bucket for each key, a bounded number of them."""

from domain.limits.throttle import Buckets, Rate

RATE = Rate(per_second=2, burst=3)


def test_a_burst_then_a_rate() -> None:
    buckets = Buckets(RATE)
    assert [buckets.take("a", 10) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("a", 10.25) == 0.25
    assert buckets.take("a", 10.5) == 0


def test_keys_do_not_share() -> None:
    buckets = Buckets(Rate(1, 1))
    assert [buckets.take(key, 0) for key in ("a", "b", "a")] == [0, 0, 1]


def test_looking_takes_nothing() -> None:
    buckets = Buckets(Rate(1, 1))
    assert [buckets.lacks("a", 0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0) == 0
    assert buckets.lacks("a", 0.25) == 0.75


def test_no_more_keys_are_remembered_than_may_be() -> None:
    buckets = Buckets(RATE, remembered=10)
    for n in range(1000):
        buckets.take(str(n), 0)
    assert len(buckets) == 10
