"""A token's quotas follow its rate, and leave room for lookups."""

import pytest

from domain.limits.quotas import Cost, quotas
from domain.limits.throttle import Buckets, Rate

PER_SECOND = 50.0


@pytest.mark.parametrize("per_second", [0.5, 1, 50, 10_000])
def test_every_cost_has_a_quota_that_lets_a_request_through(per_second: float) -> None:
    found = quotas(per_second=per_second)
    assert found.keys() == set(Cost)
    for cost, quota in found.items():
        assert Buckets(quota.rate).take("token", 0) == 0, cost
        assert 1 <= quota.working <= quota.open, cost
        assert quota.together is None or quota.together >= 1, cost


@pytest.mark.parametrize("cost", [Cost.LOOKUP, Cost.WAIT, Cost.CALL])
def test_what_is_cheap_here_goes_at_the_tokens_rate_with_two_seconds_at_once(cost: Cost) -> None:
    assert quotas(per_second=PER_SECOND)[cost].rate == Rate(PER_SECOND, 2 * PER_SECOND)


@pytest.mark.parametrize(("cost", "rate"), [(Cost.LIST, Rate(10, 40)), (Cost.BACKTEST, Rate(1, 10))])
def test_what_is_dear_here_has_a_rate_of_its_own(cost: Cost, rate: Rate) -> None:
    assert quotas(per_second=1)[cost].rate == quotas(per_second=10_000)[cost].rate == rate


def test_lists_and_waits_leave_connections_for_lookups() -> None:
    found = quotas(per_second=PER_SECOND)
    together = {cost: quota.together for cost, quota in found.items()}
    assert together == {Cost.LOOKUP: 5, Cost.WAIT: 1, Cost.LIST: 2, Cost.CALL: None, Cost.BACKTEST: None}


def test_a_token_runs_one_backtest_and_queues_none() -> None:
    backtest = quotas(per_second=PER_SECOND)[Cost.BACKTEST]
    assert (backtest.working, backtest.open) == (1, 1)
