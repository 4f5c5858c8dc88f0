"""The plan of a believable day."""

from collections import Counter

import pytest

from devstack.day.plan import SHARES, plan_of
from simulator.scenarios.table import Scenario


def test_every_scenario_has_a_share_and_the_shares_are_a_whole() -> None:
    assert set(SHARES) == {each.value for each in Scenario}
    assert sum(SHARES.values()) == 1000


@pytest.mark.parametrize("count", [1, 11, 12, 40, 200, 1000])
def test_the_plan_has_as_many_as_wanted(count: int) -> None:
    assert len(plan_of(count)) == count


@pytest.mark.parametrize("count", [40, 200])
def test_most_pass_and_every_scenario_is_there(count: int) -> None:
    counts = Counter(plan_of(count))
    assert set(counts) == set(SHARES)
    assert counts["pass"] > count / 2


def test_the_order_is_mixed_and_the_same_each_time() -> None:
    assert plan_of(200) == plan_of(200)
    assert plan_of(200) != sorted(plan_of(200))
    assert len(set(plan_of(200)[:40])) > 3
