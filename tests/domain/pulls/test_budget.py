"""A call is never made twice, too early, too late or once too often, whatever became of those before it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from domain.pulls.budget import (
    DEFAULT_RULES,
    PULL_LIMIT,
    RESULT_KEPT,
    Pull,
    PullRules,
    PullState,
    Reserve,
    Spent,
    Wait,
    is_last_hour,
    next_pull,
    patience_of,
    pause_after,
    retry_at,
    still_awaited,
)
from tests.support.payloads.callbacks import THOROUGH

RESERVED, DONE, NOT_SENT, UNKNOWN = PullState
END = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALL_THREE = PullRules(limit=PULL_LIMIT)


def _at(seconds: float) -> datetime:
    return END + seconds * SECOND


def _row(n: int, state: PullState, seconds: float) -> Pull:
    return Pull(n, state, _at(seconds))


def test_the_vendors_limits_and_ours() -> None:
    assert PULL_LIMIT == 3
    assert timedelta(days=1) == RESULT_KEPT
    assert DEFAULT_RULES.limit == 2


@pytest.mark.parametrize(
    ("ledger", "seconds", "expected"),
    [
        pytest.param([], 0, Reserve(1), id="fresh"),
        pytest.param([], -5, Reserve(1), id="before-the-recorded-end"),
        pytest.param([_row(1, DONE, 0)], 59, Wait(_at(60)), id="spaced"),
        pytest.param([_row(1, DONE, 0)], 60, Reserve(2), id="spacing-over"),
        pytest.param([_row(1, RESERVED, 0)], 59, Wait(_at(60)), id="in-flight"),
        pytest.param([_row(1, RESERVED, 0)], 60, Reserve(2), id="in-flight-too-long-counts-as-spent"),
        pytest.param([_row(1, UNKNOWN, 0)], 59, Wait(_at(60)), id="unknown-is-spaced"),
        pytest.param([_row(1, UNKNOWN, 0)], 60, Reserve(2), id="unknown-is-spent"),
        pytest.param([_row(1, NOT_SENT, 0)], 0, Reserve(1), id="not-sent-is-used-again-at-once"),
        pytest.param([_row(1, DONE, 0), _row(2, NOT_SENT, 60)], 61, Reserve(2), id="second-not-sent"),
        pytest.param([_row(1, NOT_SENT, 0), _row(2, DONE, 0)], 60, Reserve(1), id="first-free-number"),
        pytest.param([_row(1, NOT_SENT, 0), _row(2, DONE, 0)], 59, Wait(_at(60)), id="not-sent-but-spaced"),
        pytest.param([_row(1, DONE, 0), _row(2, DONE, 60)], 3600, Spent(expired=False), id="two-spent"),
        pytest.param(
            [_row(1, UNKNOWN, 0), _row(2, UNKNOWN, 60)], 3600, Spent(expired=False), id="unknown-spent"
        ),
        pytest.param(
            [_row(1, DONE, 0), _row(2, RESERVED, 60)], 119, Wait(_at(120)), id="the-last-may-come-back"
        ),
        pytest.param(
            [_row(1, DONE, 0), _row(2, RESERVED, 60)],
            120,
            Spent(expired=False),
            id="the-last-did-not-come-back",
        ),
        pytest.param([_row(3, DONE, 0)], 60, Reserve(1), id="an-operators-call-takes-none-of-ours"),
        pytest.param([_row(3, DONE, 0)], 59, Wait(_at(60)), id="an-operators-call-is-spaced-too"),
        pytest.param(
            [_row(1, DONE, 30), _row(3, DONE, 0)], 89, Wait(_at(90)), id="the-latest-call-sets-the-pace"
        ),
        pytest.param([], 86_399, Reserve(1), id="last-second-of-the-day"),
        pytest.param([], 86_400, Spent(expired=True), id="a-day-later"),
        pytest.param([_row(1, RESERVED, 86_390)], 86_400, Wait(_at(86_450)), id="a-day-later-in-flight"),
        pytest.param([_row(1, RESERVED, 86_390)], 86_450, Spent(expired=True), id="a-day-later-given-up"),
        pytest.param(
            [_row(1, DONE, 0), _row(2, DONE, 60)], 86_400, Spent(expired=True), id="spent-and-expired"
        ),
    ],
)
def test_a_workers_token_has_these_scopes(
    ledger: list[Pull], seconds: float, expected: Reserve | Wait | Spent
) -> None:
    assert next_pull(ledger, now=_at(seconds), ended_at=END) == expected


@pytest.mark.parametrize(
    ("ledger", "seconds", "expected"),
    [
        pytest.param([_row(1, DONE, 0), _row(2, DONE, 60)], 120, Reserve(3), id="the-last-one"),
        pytest.param([_row(1, DONE, 0), _row(2, DONE, 60)], 119, Wait(_at(120)), id="the-last-one-is-spaced"),
        pytest.param([_row(n, DONE, 0) for n in (1, 2, 3)], 3600, Spent(expired=False), id="three-spent"),
        pytest.param(
            [_row(1, DONE, 0), _row(2, UNKNOWN, 60), _row(3, NOT_SENT, 120)], 121, Reserve(3), id="not-sent"
        ),
        pytest.param([], 86_400, Spent(expired=True), id="a-day-later"),
    ],
)
def test_what_an_operator_may_do(
    ledger: list[Pull], seconds: float, expected: Reserve | Wait | Spent
) -> None:
    assert next_pull(ledger, now=_at(seconds), ended_at=END, rules=ALL_THREE) == expected


@pytest.mark.parametrize(
    ("state", "until"), [(RESERVED, _at(90)), (DONE, _at(10)), (UNKNOWN, _at(10))], ids=str
)
def test_a_call_in_flight_is_waited_for_longer_than_the_spacing(state: PullState, until: datetime) -> None:
    rules = PullRules(spacing=10 * SECOND, in_flight=90 * SECOND)
    assert next_pull([_row(1, state, 0)], now=_at(1), ended_at=END, rules=rules) == Wait(until)
    assert next_pull([_row(1, state, 0)], now=until, ended_at=END, rules=rules) == Reserve(2)


@pytest.mark.parametrize(
    ("ledger", "open_since", "until"),
    [
        ([], 500, None),
        ([_row(1, DONE, 0), _row(2, UNKNOWN, 60), _row(3, NOT_SENT, 120)], 500, None),
        ([_row(1, RESERVED, 480)], 0, 540),
        ([_row(1, RESERVED, 480)], 499, 540),
        ([_row(1, RESERVED, 100)], 0, None),
        ([_row(1, RESERVED, 100)], 490, None),
        ([_row(1, RESERVED, 100)], 491, 501),
        ([_row(1, RESERVED, 100)], 500, 510),
        ([_row(1, DONE, 0), _row(2, RESERVED, 100)], 500, 510),
    ],
)
def test_an_answer_may_be_in_its_workers_hands_as_long_as_postgresql_was_away(
    ledger: list[Pull], open_since: float, until: float | None
) -> None:
    wait = still_awaited(ledger, now=_at(500), open_since=_at(open_since))
    assert wait == (None if until is None else Wait(_at(until)))


@pytest.mark.parametrize(
    ("seconds", "pause", "expected"),
    [
        (0, 60, 60),
        (0, 3600, 3600),
        (83_000, 3600, 86_100),
        (86_100, 3600, 86_160),
        (86_100, 5, 86_105),
        (90_000, 3600, 90_060),
    ],
    ids=["soon", "later", "before the day ends", "at its end", "sooner", "after it"],
)
def test_a_retry_is_within_the_vendors_day(seconds: int, pause: int, expected: int) -> None:
    again = retry_at(_at(seconds), pause=pause * SECOND, ended_at=END, rules=DEFAULT_RULES)
    assert again == _at(expected)


def test_the_last_hour() -> None:
    assert [is_last_hour(_at(s), ended_at=END) for s in (0, 82_799, 82_800, 90_000)] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("pull", "told"),
    [
        (Pull(1, DONE, END), True),
        (Pull(1, DONE, END, is_fault=True), False),
        (Pull(1, RESERVED, END), False),
        (Pull(1, UNKNOWN, END), False),
        (Pull(1, NOT_SENT, END), False),
    ],
)
def test_only_an_answer_about_the_verification_is_answered(pull: Pull, told: bool) -> None:
    assert pull.is_answered is told


pauses = st.integers(0, 150).map(lambda seconds: seconds * SECOND) | st.just(timedelta(hours=7))
steps = st.tuples(pauses, st.sampled_from([2, 3]), st.sampled_from(PullState))


@THOROUGH
@given(
    history=st.lists(steps, max_size=25),
    spacing=st.integers(0, 90).map(lambda seconds: seconds * SECOND),
    in_flight=st.integers(0, 90).map(lambda seconds: seconds * SECOND),
)
def test_no_history_breaks_the_budget(
    history: list[tuple[timedelta, int, PullState]], spacing: timedelta, in_flight: timedelta
) -> None:
    """Workers and operators ask in turn; every reserved call ends some time, or never does."""
    ledger: dict[int, Pull] = {}
    now = END
    for pause, limit, end in history:
        for n, pull in ledger.items():
            if pull.state is RESERVED:
                ledger[n] = Pull(n, end, pull.started_at)
        now += pause
        rules = PullRules(spacing=spacing, in_flight=in_flight, limit=limit)

        move = next_pull(list(ledger.values()), now=now, ended_at=END, rules=rules)

        event(type(move).__name__)
        sent = [pull for pull in ledger.values() if pull.state is not NOT_SENT]
        if isinstance(move, Reserve):
            assert now < END + RESULT_KEPT
            assert move.n not in {pull.n for pull in sent}
            assert 1 <= move.n <= limit
            assert all(now - pull.started_at >= spacing for pull in sent)
            assert all(now - pull.started_at >= in_flight for pull in sent if pull.state is RESERVED)
            ledger[move.n] = Pull(move.n, RESERVED, now)
        elif isinstance(move, Wait):
            assert now < move.until <= now + max(spacing, in_flight)
            later = next_pull(list(ledger.values()), now=move.until, ended_at=END, rules=rules)
            assert not isinstance(later, Wait)
        else:
            assert move.expired == (now >= END + RESULT_KEPT)
            assert move.expired or {pull.n for pull in sent} >= set(range(1, limit + 1))
    assert len(ledger) <= PULL_LIMIT


TWO_DELAYS = (timedelta(minutes=1), timedelta(hours=1))


@pytest.mark.parametrize(
    ("state", "spent", "is_last", "delays", "pause"),
    [
        (PullState.DONE, 1, False, TWO_DELAYS, timedelta(minutes=1)),
        (PullState.UNKNOWN, 2, False, TWO_DELAYS, timedelta(hours=1)),
        (PullState.UNKNOWN, 2, False, TWO_DELAYS[:1], timedelta(minutes=1)),
        (PullState.DONE, 3, True, TWO_DELAYS, None),
        (PullState.DONE, 1, False, (), None),
        (PullState.NOT_SENT, 3, True, TWO_DELAYS, timedelta(minutes=1)),
        (PullState.NOT_SENT, 1, False, (), PullRules().spacing),
    ],
)
def test_the_pause_before_the_next_call(
    state: PullState, spent: int, is_last: bool, delays: tuple[timedelta, ...], pause: timedelta | None
) -> None:
    assert pause_after(state, spent=spent, is_last=is_last, delays=delays, rules=PullRules()) == pause


@pytest.mark.parametrize(
    ("calls", "age", "is_asked", "patience"),
    [
        (1, timedelta(hours=1), False, timedelta(0)),
        (2, timedelta(hours=1), False, timedelta(minutes=30)),
        (2, timedelta(hours=1), True, timedelta(0)),
        (2, timedelta(hours=23), False, None),
        (0, timedelta(hours=23), True, None),
    ],
    ids=["not the last", "the last", "requested", "last hour", "requested in the last hour"],
)
def test_the_last_call_waits_for_a_vendor_without_faults(
    calls: int, age: timedelta, is_asked: bool, patience: timedelta | None
) -> None:
    ledger = [Pull(n, PullState.UNKNOWN, END) for n in range(1, calls + 1)]
    last = timedelta(minutes=30)
    assert patience_of(ledger, now=END + age, ended_at=END, is_asked=is_asked, last=last) == patience
