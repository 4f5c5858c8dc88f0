"""An operator's pull: granted when a call may be spent now, else refused by the reason that is true."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.apps.registration import Registration
from domain.model import State
from domain.pulls.budget import PULL_LIMIT, Pull, PullRules, PullState
from domain.pulls.request import Candidate, Refusal, asked_limit, is_answered, refuse_pull

END = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
NOW = END + HOUR
RULES = PullRules(spacing=60 * SECOND, in_flight=60 * SECOND, limit=PULL_LIMIT)
DONE, RESERVED, NOT_SENT, UNKNOWN = PullState.DONE, PullState.RESERVED, PullState.NOT_SENT, PullState.UNKNOWN
CALLED = Candidate(State.RECEIVED, held=False, ended_at=END, registration=None, asked_at=None, due_at=None)
TOKEN = Registration("order-1", END - HOUR, NOW)
SILENT = msgspec.structs.replace(CALLED, state=State.CREATED, ended_at=None, registration=TOKEN)


def candidate(like: Candidate = CALLED, **changes: object) -> Candidate:
    return msgspec.structs.replace(like, **changes)


def calls(*ends: PullState, at: datetime = END) -> list[Pull]:
    """Calls 1, 2, …, an hour apart from `at` on."""
    return [Pull(n, state, at) for n, state in enumerate(ends, 1)]


ASKED = candidate(asked_at=NOW - SECOND, due_at=NOW + 9 * SECOND)


@pytest.mark.parametrize(
    ("told", "ledger", "now", "expected"),
    [
        pytest.param(CALLED, [], NOW, None, id="never asked"),
        pytest.param(CALLED, calls(UNKNOWN, DONE), NOW, None, id="the third is the operator's"),
        pytest.param(candidate(state=State.DECIDED), calls(DONE), NOW, None, id="decided already"),
        pytest.param(CALLED, calls(DONE, DONE, DONE), NOW, Refusal("no_pull_left"), id="all are spent"),
        pytest.param(CALLED, calls(DONE, NOT_SENT, DONE), NOW, None, id="one was never sent"),
        pytest.param(CALLED, [], END + 24 * HOUR, Refusal("no_pull_left"), id="the day is over"),
        pytest.param(CALLED, [], END + 24 * HOUR - SECOND, None, id="the day's last second"),
        pytest.param(
            CALLED,
            calls(DONE, at=NOW - 20 * SECOND),
            NOW,
            Refusal("pull_too_early", NOW + 40 * SECOND),
            id="within the spacing",
        ),
        pytest.param(
            CALLED,
            calls(RESERVED, at=NOW),
            NOW,
            Refusal("pull_too_early", NOW + 60 * SECOND),
            id="one is under way",
        ),
        pytest.param(ASKED, [], NOW, Refusal("pull_too_early", NOW + 9 * SECOND), id="asked for already"),
        pytest.param(
            candidate(ASKED, asked_at=END - SECOND), calls(DONE), NOW, None, id="asked, answered, asked again"
        ),
        pytest.param(candidate(ended_at=None), [], NOW, Refusal("flow_not_ended"), id="the flow goes on"),
        pytest.param(
            SILENT, [], NOW - SECOND, Refusal("flow_not_ended", NOW), id="silent, and the token is good"
        ),
        pytest.param(SILENT, [], NOW, None, id="silent, and the token has expired"),
        pytest.param(SILENT, [], END + 24 * HOUR, Refusal("no_pull_left"), id="silent for a day"),
        pytest.param(
            candidate(SILENT, state=State.EXPIRED), calls(DONE), NOW, None, id="given up, not yet lost"
        ),
        pytest.param(
            candidate(SILENT, state=State.DECIDED), calls(DONE), NOW - SECOND, None, id="decided on a result"
        ),
        pytest.param(candidate(held=True), [], NOW, Refusal("not_registered"), id="held"),
    ],
)
def test_a_pull_on_request(
    told: Candidate, ledger: Sequence[Pull], now: datetime, expected: Refusal | None
) -> None:
    assert refuse_pull(told, ledger, now=now, rules=RULES) == expected


@pytest.mark.parametrize(
    ("ledger", "answered", "limit"),
    [
        ([], False, 1),
        (calls(DONE), False, 2),
        (calls(DONE, UNKNOWN), False, 3),
        (calls(DONE, DONE, DONE), False, 3),
        (calls(NOT_SENT), False, 1),
        ([*calls(DONE), Pull(2, RESERVED, NOW)], True, 2),
        ([*calls(DONE), Pull(2, NOT_SENT, NOW)], False, 2),
        (calls(DONE, at=NOW), True, 1),
    ],
)
def test_a_request_is_one_call(ledger: Sequence[Pull], answered: bool, limit: int) -> None:
    assert is_answered(NOW, ledger) is answered
    assert asked_limit(NOW, ledger) == limit
