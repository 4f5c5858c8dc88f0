"""A registered verification is asked for when its user is back, when its token is gone, and a last time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.apps.registration import Registration
from domain.pulls.budget import PULL_LIMIT, Pull, PullState, Wait
from domain.pulls.reconciliation import Expire, Look, ReconcileRules, first_look_at, next_look
from tests.support.payloads.callbacks import THOROUGH

START = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EXPIRES = START + 50 * MINUTE
FIRST, LAST = EXPIRES + 15 * MINUTE, START + 20 * HOUR
REGISTERED = Registration("order-1", START, EXPIRES)
RETURNED = msgspec.structs.replace(REGISTERED, returned_at=START + MINUTE)


def call(n: int, at: datetime, state: PullState = PullState.DONE) -> Pull:
    return Pull(n, state, at)


def refused(n: int, at: datetime) -> Pull:
    """A call that was answered, but not about the verification."""
    return Pull(n, PullState.DONE, at, is_fault=True)


@pytest.mark.parametrize(
    ("registration", "ledger", "now", "expected"),
    [
        pytest.param(REGISTERED, [], START, Wait(FIRST), id="the flow may go on"),
        pytest.param(REGISTERED, [], FIRST - MINUTE, Wait(FIRST), id="expired, within the grace"),
        pytest.param(REGISTERED, [], FIRST, Look(2), id="expired"),
        pytest.param(REGISTERED, [call(1, FIRST)], FIRST, Wait(LAST), id="asked once"),
        pytest.param(REGISTERED, [call(1, FIRST)], LAST - MINUTE, Wait(LAST), id="before the last look"),
        pytest.param(REGISTERED, [call(1, FIRST)], LAST, Look(3), id="the last look"),
        pytest.param(REGISTERED, [call(1, FIRST), call(2, LAST)], LAST, Expire(), id="nothing came of it"),
        pytest.param(
            REGISTERED,
            [call(1, FIRST, PullState.NOT_SENT)],
            FIRST + MINUTE,
            Look(2),
            id="a call that was not sent is no look",
        ),
        pytest.param(
            REGISTERED,
            [call(1, FIRST, PullState.UNKNOWN)],
            FIRST + MINUTE,
            Look(2),
            id="a call that brought no answer is no look",
        ),
        pytest.param(
            REGISTERED,
            [refused(1, FIRST)],
            FIRST + MINUTE,
            Look(2),
            id="a call that was refused for another reason is none",
        ),
        pytest.param(
            REGISTERED,
            [refused(1, FIRST), refused(2, FIRST + MINUTE)],
            FIRST + HOUR,
            Wait(LAST),
            id="the third is for the last look, whatever the others brought",
        ),
        pytest.param(
            REGISTERED,
            [call(1, FIRST), refused(2, LAST)],
            LAST + MINUTE,
            Look(3),
            id="the last look is repeated while the vendor keeps the result",
        ),
        pytest.param(REGISTERED, [], LAST, Look(3), id="nobody looked until the last"),
        pytest.param(REGISTERED, [], START + 24 * HOUR, Expire(), id="the vendor keeps nothing any more"),
        pytest.param(
            REGISTERED, [call(n, START) for n in (1, 2, 3)], LAST, Expire(), id="every call is spent"
        ),
        pytest.param(
            REGISTERED,
            [call(n, START) for n in (1, 2)],
            FIRST,
            Wait(LAST),
            id="the third is for the last look",
        ),
        pytest.param(RETURNED, [], START + MINUTE, Look(1), id="the browser is back"),
        pytest.param(RETURNED, [call(1, START + MINUTE)], START + MINUTE, Wait(FIRST), id="nudged once"),
        pytest.param(RETURNED, [call(1, START + MINUTE)], FIRST, Look(2), id="nudged, then expired"),
        pytest.param(
            RETURNED, [call(1, START + MINUTE), call(2, FIRST)], LAST, Look(3), id="nudged, expired, the last"
        ),
    ],
)
def test_the_next_look(
    registration: Registration, ledger: Sequence[Pull], now: datetime, expected: Look | Wait | Expire
) -> None:
    assert next_look(registration, ledger, now=now) == expected


@pytest.mark.parametrize("life", [HOUR, 5 * HOUR, 24 * HOUR, 25 * HOUR, 30 * HOUR])
@pytest.mark.parametrize(
    "rules", [ReconcileRules(), ReconcileRules(last_look=MINUTE)], ids=["usual", "early"]
)
def test_no_look_comes_before_the_tokens_expiry(life: timedelta, rules: ReconcileRules) -> None:
    long = msgspec.structs.replace(REGISTERED, expires_at=START + life)
    first = first_look_at(long, rules=rules)
    assert first >= long.expires_at
    assert next_look(long, [], now=START, rules=rules) == Wait(first)
    assert isinstance(next_look(long, [], now=first, rules=rules), Look)


def test_the_vendors_day_of_a_token_that_lived_long_ends_a_day_later() -> None:
    long = msgspec.structs.replace(REGISTERED, expires_at=START + 24 * HOUR)
    last = START + 43 * HOUR
    assert next_look(long, [call(1, long.expires_at + HOUR)], now=long.expires_at + HOUR) == Wait(last)
    assert next_look(long, [call(1, long.expires_at + HOUR)], now=last) == Look(3)
    assert next_look(long, [], now=START + 47 * HOUR) == Expire()


def test_one_registered_long_after_its_token_has_expired_is_not_asked_for_after_the_vendors_day() -> None:
    late = msgspec.structs.replace(REGISTERED, expires_at=START - 10 * HOUR)
    assert next_look(late, [], now=START) == Look(2)
    asked = [call(1, START)]
    assert next_look(late, asked, now=START) == Wait(START + 10 * HOUR)
    assert next_look(late, [*asked, call(2, START + 10 * HOUR)], now=START + 14 * HOUR) == Expire()


def test_the_rules_are_settings() -> None:
    rules = ReconcileRules(grace=MINUTE, last_look=2 * HOUR)
    assert next_look(REGISTERED, [], now=START, rules=rules) == Wait(EXPIRES + MINUTE)
    asked = [call(1, EXPIRES + MINUTE)]
    assert next_look(REGISTERED, asked, now=EXPIRES + MINUTE, rules=rules) == Wait(START + 2 * HOUR)
    assert next_look(REGISTERED, asked, now=START + 2 * HOUR, rules=rules) == Look(3)


@THOROUGH
@given(
    token=st.integers(1, 2 * 24 * 60),
    returned=st.none() | st.integers(0, 25 * 60),
    steps=st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from([s for s in PullState if s is not PullState.RESERVED])
        ),
        max_size=60,
    ),
)
def test_it_ends_within_three_calls_and_no_look_repeats(
    token: int, returned: int | None, steps: list[tuple[int, PullState]]
) -> None:
    registration = Registration(
        "order-1", START, START + token * MINUTE, None if returned is None else START + returned * MINUTE
    )
    ledger: dict[int, Pull] = {}
    now, looks = START, 0
    for minutes, end in steps:
        now += minutes * MINUTE
        match next_look(registration, list(ledger.values()), now=now):
            case Look(limit):
                n = min(set(range(1, limit + 1)) - _spent(ledger))
                ledger[n] = Pull(n, end, now)
                looks += end is not PullState.NOT_SENT
            case Wait(until):
                assert until > now
            case Expire():
                assert now >= START + 20 * HOUR
    assert looks <= PULL_LIMIT


def _spent(ledger: dict[int, Pull]) -> set[int]:
    return {n for n, pull in ledger.items() if pull.state is not PullState.NOT_SENT}
