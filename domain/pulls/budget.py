"""The pull budget: three get_result calls per verification, kept one day (callback page; protocol, 4).

A call is spent once it may have reached the vendor, whatever the answer: integrators report that wasted
calls destroyed the result. So a call is reserved before it is sent, and an unknown end counts as spent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

import msgspec

PULL_LIMIT: Final = 3
RESULT_KEPT: Final = timedelta(days=1)
WORKER_PULLS: Final = 2
"""Calls that a worker may spend if a decision is possible without a result. Otherwise it may spend all, as
long as a call could still bring one."""

LAST_HOUR: Final = timedelta(hours=1)
"""The end of the vendor's day. Calls are made then even if the vendor is failing, since it is the last
chance.
"""

LEDGER_CATCHES_UP: Final = timedelta(seconds=10)
"""Within this time after PostgreSQL is back, a worker with an unstored answer has written it to the ledger:
it retries at least every two seconds."""

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

_MARGIN: Final = timedelta(minutes=5)
"""The last call is made this long before the vendor's day ends."""


class PullState(StrEnum):
    """The state of a call.

    `reserved` it may be in flight · `done` the vendor answered · `not_sent` no connection was made, so the
    call can be used again · `unknown` it was sent and no answer came, which counts as spent.
    """

    RESERVED = "reserved"
    DONE = "done"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Pull(msgspec.Struct, frozen=True):
    """One row of the ledger; `n` is 1 to 3. `is_fault`: the answer was not about the verification."""

    n: int
    state: PullState
    started_at: datetime
    is_fault: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether the answer was about the verification."""
        return self.state is PullState.DONE and not self.is_fault


class Reserve(msgspec.Struct, frozen=True):
    """Call number `n` may be made now."""

    n: int


class Wait(msgspec.Struct, frozen=True):
    """No call before `until`."""

    until: datetime


class Spent(msgspec.Struct, frozen=True):
    """No call is left for this caller, or the vendor no longer keeps the result."""

    expired: bool


class PullRules(msgspec.Struct, frozen=True):
    """`spacing`: minimum time between two sent calls. `in_flight`: how long a reserved call may take before
    its end counts as unknown. `limit`: how many calls this caller may use."""

    spacing: timedelta = timedelta(seconds=60)
    in_flight: timedelta = timedelta(seconds=60)
    limit: int = WORKER_PULLS


DEFAULT_RULES: Final = PullRules()


def sent_calls(ledger: Sequence[Pull]) -> list[Pull]:
    """The calls that may have reached the vendor: spent or in flight."""
    return [pull for pull in ledger if pull.state is not PullState.NOT_SENT]


def still_awaited(
    ledger: Sequence[Pull], *, now: datetime, rules: PullRules = DEFAULT_RULES, open_since: datetime = ALWAYS
) -> Wait | None:
    """How long to wait for a reserved call's answer in the ledger, or None if it can no longer arrive.

    Its worker may have died. But while PostgreSQL is away the worker keeps the answer in memory, however old
    the reservation is. `open_since`: since when PostgreSQL has been available without interruption, as far
    as the caller knows.
    """
    reserved = [pull.started_at for pull in ledger if pull.state is PullState.RESERVED]
    if not reserved:
        return None
    until = max(max(reserved) + rules.in_flight, open_since + LEDGER_CATCHES_UP)
    return Wait(until) if now < until else None


def next_pull(
    ledger: Sequence[Pull], *, now: datetime, ended_at: datetime, rules: PullRules = DEFAULT_RULES
) -> Reserve | Wait | Spent:
    """What the budget allows at `now` for a verification whose flow ended at `ended_at`."""
    wait = still_awaited(ledger, now=now, rules=rules)
    if now >= ended_at + RESULT_KEPT:
        return wait or Spent(expired=True)
    used = {pull.n for pull in sent_calls(ledger)}
    free = [n for n in range(1, rules.limit + 1) if n not in used]
    if not free:
        return wait or Spent(expired=False)
    rests = [pull.started_at + rules.spacing for pull in ledger if pull.n in used]
    allowed_at = max([*rests, wait.until if wait else now])
    return Wait(until=allowed_at) if allowed_at > now else Reserve(n=free[0])


def retry_at(now: datetime, *, pause: timedelta, ended_at: datetime, rules: PullRules) -> datetime:
    """When to call again after `pause`; earlier if the vendor's day ends before that."""
    latest = ended_at + RESULT_KEPT - _MARGIN
    return min(now + pause, max(latest, now + min(pause, rules.spacing)))


def is_last_hour(now: datetime, *, ended_at: datetime) -> bool:
    """Whether this is the last hour in which a call is possible."""
    return now >= ended_at + RESULT_KEPT - LAST_HOUR


def pause_after(
    state: PullState, *, spent: int, is_last: bool, delays: Sequence[timedelta], rules: PullRules
) -> timedelta | None:
    """How long to wait after a call without a result, or None to make no further call.

    `spent`: the calls that may have reached the vendor, with this one. What was not sent costs nothing.
    """
    match state:
        case PullState.NOT_SENT:
            return delays[0] if delays else rules.spacing
        case PullState.DONE | PullState.UNKNOWN | PullState.RESERVED:
            return delays[min(spent, len(delays)) - 1] if delays and not is_last else None
        case _:
            assert_never(state)


def patience_of(
    ledger: Sequence[Pull], *, now: datetime, ended_at: datetime, is_asked: bool, last: timedelta
) -> timedelta | None:
    """How long a vendor must have been without a fault before it is called; None: call it in any case.

    The last call is no probe of a failing vendor and has the patience `last`, unless an operator asked for it
    (`is_asked`). In the last hour there is no later call to wait for.
    """
    if is_last_hour(now, ended_at=ended_at):
        return None
    return timedelta(0) if is_asked or len(sent_calls(ledger)) < PULL_LIMIT - 1 else last
