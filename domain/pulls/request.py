"""An operator's request for a pull: whether a call may be spent now, and which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

import msgspec

from domain.apps.registration import Registration
from domain.model import State
from domain.pulls.budget import PULL_LIMIT, Pull, PullRules, Reserve, Spent, Wait, next_pull, sent_calls

NOT_REGISTERED: Final = "not_registered"
FLOW_NOT_ENDED: Final = "flow_not_ended"
PULL_TOO_EARLY: Final = "pull_too_early"
NO_PULL_LEFT: Final = "no_pull_left"


class Candidate(msgspec.Struct, frozen=True):
    """A verification for which a pull is requested; the fields are those of the store."""

    state: State
    held: bool
    ended_at: datetime | None
    registration: Registration | None
    asked_at: datetime | None
    due_at: datetime | None


class Refusal(msgspec.Struct, frozen=True):
    """No call is spent; `retry_at`: when a new request may help, if known."""

    code: str
    retry_at: datetime | None = None


def refuse_pull(
    candidate: Candidate, ledger: Sequence[Pull], *, now: datetime, rules: PullRules
) -> Refusal | None:
    """Why no call may be spent at `now`, or None. Never before the flow has ended or its token has expired:
    integrators report that such calls destroyed the result."""
    if candidate.held:
        return Refusal(NOT_REGISTERED)
    kept_since = _kept_since(candidate, now)
    if kept_since is None:
        registration = candidate.registration
        return Refusal(FLOW_NOT_ENDED, registration.expires_at if registration else None)
    if candidate.asked_at is not None and not is_answered(candidate.asked_at, ledger):
        return Refusal(PULL_TOO_EARLY, candidate.due_at)
    match next_pull(ledger, now=now, ended_at=kept_since, rules=rules):
        case Wait(until):
            return Refusal(PULL_TOO_EARLY, until)
        case Spent():
            return Refusal(NO_PULL_LEFT)
        case Reserve():
            return None
        case move:
            assert_never(move)


def is_answered(asked_at: datetime, ledger: Sequence[Pull]) -> bool:
    """Whether the requested call has been spent."""
    return any(pull.started_at >= asked_at for pull in sent_calls(ledger))


def asked_limit(asked_at: datetime, ledger: Sequence[Pull]) -> int:
    """How many calls may be spent, including the requested one: a request is for one call."""
    return min(sum(pull.started_at < asked_at for pull in sent_calls(ledger)) + 1, PULL_LIMIT)


def _kept_since(candidate: Candidate, now: datetime) -> datetime | None:
    """When the vendor's day began; None while the flow may still be running."""
    if candidate.ended_at is not None:
        return candidate.ended_at
    registration = candidate.registration
    if registration is None or (candidate.state is not State.DECIDED and now < registration.expires_at):
        return None
    return registration.day_begins
