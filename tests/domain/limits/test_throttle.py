"""A burst, then a rate per second, separately for each caller; unknown callers cost bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits.throttle import Bucket, Rate, Throttle, caller_of
from tests.support.payloads.callbacks import THOROUGH

WIDE = Rate(1e9, 1e9)
THREE = Rate(1, 3)


def permitted(throttle: Throttle, address: str, *times: float) -> list[bool]:
    return [throttle.permits(address, now) for now in times]


def test_a_burst_then_one_a_second() -> None:
    throttle = Throttle(each=THREE, together=WIDE)
    assert permitted(throttle, "192.0.2.1", 0, 0, 0, 0) == [True, True, True, False]
    assert permitted(throttle, "192.0.2.1", 0.5, 1, 1.5, 2) == [False, True, False, True]
    assert permitted(throttle, "192.0.2.1", 99, 99, 99, 99) == [True, True, True, False], (
        "no more than a burst"
    )


def test_addresses_do_not_take_from_each_other() -> None:
    throttle = Throttle(each=Rate(1, 1), together=WIDE)
    assert permitted(throttle, "192.0.2.1", 0, 0) == [True, False]
    assert permitted(throttle, "192.0.2.2", 0, 0) == [True, False]


def test_all_together_have_a_rate_as_well() -> None:
    throttle = Throttle(each=WIDE, together=THREE)
    assert [throttle.permits(f"192.0.2.{n}", 0) for n in range(5)] == [True, True, True, False, False]
    assert throttle.permits("192.0.2.9", 1)


def test_a_refused_token_uses_no_others_rate() -> None:
    throttle = Throttle(each=Rate(0.001, 1), together=THREE)
    assert permitted(throttle, "192.0.2.1", *[0.0] * 50).count(True) == 1
    assert throttle.permits("192.0.2.2", 0)
    assert throttle.permits("192.0.2.3", 0)
    assert not throttle.permits("192.0.2.4", 0)
    assert throttle.permits("192.0.2.4", 1), "its own token was not taken when the others' were missing"


def test_strangers_cost_no_memory() -> None:
    throttle = Throttle(each=Rate(0.001, 1), together=WIDE, remembered=100)
    for n in range(10_000):
        throttle.permits(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", 0)
    assert len(throttle) == 100
    assert not throttle.permits("10.0.39.15", 0), "the latest are remembered"
    assert throttle.permits("10.0.0.1", 0), "the longest unseen are forgotten"


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
        ("evil\r\nheader", ""),
    ],
)
def test_the_caller_of_an_address(address: str, caller: str) -> None:
    assert caller_of(address) == caller


@THOROUGH
@given(
    st.lists(st.floats(0, 10), max_size=80),
    st.floats(0.01, 5),
    st.floats(1, 10),
)
def test_never_more_than_the_burst_and_the_rate_allow(
    pauses: list[float], per_second: float, burst: float
) -> None:
    rate = Rate(per_second, burst)
    bucket, now, granted = Bucket(burst, 0), 0.0, 0
    for pause in pauses:
        now += pause
        if (taken := bucket.taken(rate, now)) is not None:
            bucket, granted = taken, granted + 1
            assert -1e-9 <= bucket.tokens <= burst
        assert granted <= burst + now * per_second + 1e-6
