"""The limit of calls at once is halved once for all that were refused together, and creeps up again."""

from hypothesis import given
from hypothesis import strategies as st

from domain.limits.concurrency import FIRST_LIMIT, REMEMBERED, Concurrency

NEW = Concurrency(64)
LONG_AFTER = REMEMBERED.total_seconds()


def grown(limit: Concurrency, successes: int, now: float = 0) -> Concurrency:
    for _ in range(successes):
        limit = limit.succeeded(limit.permitted, now)
    return limit


def test_it_starts_low_and_doubles_with_each_round_up_to_the_maximum() -> None:
    assert NEW.permitted == FIRST_LIMIT
    assert grown(NEW, FIRST_LIMIT).permitted == 2 * FIRST_LIMIT
    assert grown(NEW, 1000).permitted == 64
    assert Concurrency(3).permitted == 3


def test_an_unused_limit_does_not_grow() -> None:
    assert NEW.succeeded(FIRST_LIMIT - 1, 0) is NEW


def test_those_that_were_refused_together_halve_it_once() -> None:
    once = NEW.refused(8, 0, halvings=0)
    assert once.permitted == 4
    assert once.refused(7, 0, halvings=0) is once
    assert once.refused(4, 0, halvings=once.halvings).permitted == 2


def test_a_refusal_below_the_limit_halves_the_calls_under_way() -> None:
    assert grown(NEW, 1000).refused(10, 0, halvings=0).permitted == 5


def test_it_grows_slowly_to_just_below_the_refused_number_and_later_beyond() -> None:
    halved = NEW.refused(8, 0, halvings=0)
    assert grown(halved, 4).permitted == 4, "more slowly than at first"
    assert grown(halved, 1000).permitted == 7
    assert grown(halved, 5000, LONG_AFTER).permitted == 64


def test_after_an_outage_the_limit_starts_at_one_and_recovers_quickly() -> None:
    learned = grown(NEW.refused(8, 0, halvings=0), 1000)
    again = learned.restarted()
    assert again.permitted == 1
    assert again.refused(8, 0, halvings=learned.halvings) is again, "a call from before"
    assert grown(again, 30).permitted == 7


steps = st.tuples(st.booleans(), st.integers(1, 100), st.integers(0, 3), st.floats(0, 1000))


@given(most=st.integers(1, 64), steps=st.lists(steps, max_size=60))
def test_it_stays_between_one_and_the_maximum(most: int, steps: list[tuple[bool, int, int, float]]) -> None:
    limit, now = Concurrency(most), 0.0
    for well, under_way, halvings, passed in steps:
        now += passed
        limit = limit.succeeded(under_way, now) if well else limit.refused(under_way, now, halvings=halvings)
        assert 1 <= limit.permitted <= most
