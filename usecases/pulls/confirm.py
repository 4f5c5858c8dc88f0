"""Get the vendor's result within the pull budget: what a call brought, and what follows from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import msgspec

from domain.apps.app import App
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.callback.words import is_open
from domain.errors import MalformedPayload, UndecodableCallback
from domain.model import ConfirmationMode
from domain.policy.reasons import Code, Reason
from domain.pulls.answer import Answer, Kind, kind_of
from domain.pulls.budget import (
    PULL_LIMIT,
    Pull,
    PullState,
    Reserve,
    Spent,
    Wait,
    is_last_hour,
    next_pull,
    retry_at,
    sent_calls,
    still_awaited,
)
from domain.pulls.request import asked_limit
from domain.records import Case
from usecases.context import WorkerContext
from usecases.process.vendor_gates import LeftAlone
from usecases.pulls.call import make_call

SPREAD: Final = 0.25
"""Pauses are longer by up to this share, by chance: who waits for the same does not come back together."""

_SOON: Final = timedelta(seconds=1)

_COMPLETED: Final = "OK"
"""The status of a flow that the user went through to its end (protocol, 3)."""


class Confirmed(msgspec.Struct, frozen=True):
    """The vendor's result of a flow that has ended."""

    result: Payload


class Unconfirmed(msgspec.Struct, frozen=True):
    """There is no result and there will be none; why."""

    reason: Reason


class Postponed(msgspec.Struct, frozen=True):
    """There may be a result later."""

    until: datetime


Confirmation = Confirmed | Unconfirmed | Postponed


class _Reading(msgspec.Struct, frozen=True):
    """What an answer comes to; `may_change`: another call may bring something else."""

    end: Confirmed | Unconfirmed
    may_change: bool = False


async def confirm(
    context: WorkerContext, case: Case, app: App, *, mode: ConfirmationMode = ConfirmationMode.REQUIRED
) -> Confirmation:
    """The result for a verification whose flow has ended; spends at most one call.

    Where a result is required, all calls of the budget may be spent in turn, else those of `pull_rules`.

    Raises:
        ServerAway: PostgreSQL is away; a call that was sent is on the ledger.
    """
    ledger = [] if case.is_new else await context.ledger.of(case.verification_id)
    if ledger and (kept := await kept_result(context, case)):
        return Confirmed(kept)
    limit = PULL_LIMIT if mode is ConfirmationMode.REQUIRED else context.pull_rules.limit
    if case.asked_at is not None:
        limit = max(limit, asked_limit(case.asked_at, ledger))
    return await spend_call(context, case, app, ledger=ledger, limit=limit)


async def kept_result(context: WorkerContext, case: Case) -> Payload | None:
    """The result that an earlier call brought: a worker may have died between answer and decision."""
    async with context.pictures.room_for(context.apps[case.app_id]):
        kept = await context.ledger.answer_of(case.lease)
        end = None if kept is None else _read_result(kept, case).end
    return end.result if isinstance(end, Confirmed) else None


def awaited(context: WorkerContext, case: Case, ledger: Sequence[Pull]) -> Wait | None:
    """Whether the answer of an earlier call may still reach the ledger: nothing is concluded without it.

    `ledger` must have been read before `kept_result` looked for an answer.
    """
    now = context.clock()
    if case.verification_id in context.unkept:
        return Wait(now + _SOON)
    return still_awaited(ledger, now=now, rules=context.pull_rules, open_since=context.database_since())


async def spend_call(
    context: WorkerContext, case: Case, app: App, *, ledger: Sequence[Pull], limit: int
) -> Confirmation:
    """Make one of the first `limit` calls, if the budget and the vendor's state allow it now."""
    if wait := awaited(context, case, ledger):
        return Postponed(wait.until)
    rules, now = msgspec.structs.replace(context.pull_rules, limit=limit), context.clock()
    match next_pull(ledger, now=now, ended_at=case.kept_since(now), rules=rules):
        case Wait(until):
            return Postponed(until)
        case Spent(expired):
            return Unconfirmed(Reason(Code.RESULT_EXPIRED) if expired else _unavailable("no call left"))
        case Reserve(n):
            return await _call(context, case, app, ledger=ledger, n=n, limit=limit)
        case move:
            assert_never(move)


async def _call(
    context: WorkerContext, case: Case, app: App, *, ledger: Sequence[Pull], n: int, limit: int
) -> Confirmation:
    answer = await make_call(context, case, app, n=n, patience=_patience(context, case, app, ledger))
    match answer:
        case LeftAlone(pause):
            return Postponed(context.clock() + _spread(context, pause))
        case None:
            # Somebody else has just reserved it and will decide.
            return Postponed(context.clock() + context.lease)
        case Answer():
            spent = {pull.n for pull in sent_calls(ledger)} | {n}
            return _conclude(context, case, app, answer=answer, spent=len(spent), is_last=len(spent) >= limit)
        case _:
            assert_never(answer)


def _patience(context: WorkerContext, case: Case, app: App, ledger: Sequence[Pull]) -> timedelta | None:
    """For how long the vendor must have been without a fault: the last call is no probe of a broken vendor,
    unless an operator asked for it; and what cannot wait any more goes whatever the vendor's state."""
    now = context.clock()
    if is_last_hour(now, ended_at=case.kept_since(now)):
        return None
    if case.asked_at is not None or len(sent_calls(ledger)) < PULL_LIMIT - 1:
        return timedelta(0)
    return app.pull_retry_delays[-1] if app.pull_retry_delays else context.pull_rules.spacing


def _conclude(
    context: WorkerContext, case: Case, app: App, *, answer: Answer, spent: int, is_last: bool
) -> Confirmation:
    reading = _read(answer, case)
    if not reading.may_change:
        return reading.end
    pause = _pause(context, app, answer.state, spent=spent, is_last=is_last)
    if pause is None:
        return reading.end
    now, pause = context.clock(), _spread(context, pause)
    ended_at = case.kept_since(now)
    return Postponed(retry_at(now, pause=pause, ended_at=ended_at, rules=context.pull_rules))


def _pause(
    context: WorkerContext, app: App, state: PullState, *, spent: int, is_last: bool
) -> timedelta | None:
    """How long to wait before asking again; None: never. What was not sent has cost nothing."""
    delays = app.pull_retry_delays
    match state:
        case PullState.NOT_SENT:
            return delays[0] if delays else context.pull_rules.spacing
        case PullState.DONE | PullState.UNKNOWN | PullState.RESERVED:
            return delays[min(spent, len(delays)) - 1] if delays and not is_last else None
        case _:
            assert_never(state)


def _spread(context: WorkerContext, pause: timedelta) -> timedelta:
    return pause * (1 + SPREAD * context.jitter())


def _read(answer: Answer, case: Case) -> _Reading:
    """Whether the answer is about this verification decides: whatever is not may change."""
    unavailable = Unconfirmed(_unavailable(answer.error or ""))
    kind = kind_of(answer)
    match kind:
        case Kind.RESULT:
            return _read_result(answer.body or b"", case)
        case Kind.DESTROYED:
            return _Reading(unavailable)
        case Kind.NOTHING:
            return _Reading(unavailable, may_change=_is_completed(case))
        case Kind.BUSY | Kind.REFUSED | Kind.FAULT:
            return _Reading(unavailable, may_change=True)
        case _:
            assert_never(kind)


def _is_completed(case: Case) -> bool:
    """Whether the vendor must have a result: a user who broke off may have left none."""
    return case.payload is not None and case.payload.status_word == _COMPLETED


def _read_result(body: bytes, case: Case) -> _Reading:
    try:
        result = decode_payload(body)
    except (MalformedPayload, UndecodableCallback):
        return _Reading(Unconfirmed(_unavailable("unreadable result")), may_change=True)
    if result.biz_id != case.biz_id:
        return _Reading(Unconfirmed(_unavailable("result of another biz_id")), may_change=True)
    if is_open(result.status_word):
        return _Reading(Unconfirmed(_unavailable("the result says that the flow goes on")), may_change=True)
    return _Reading(Confirmed(result))


def _unavailable(detail: str) -> Reason:
    return Reason(Code.CONFIRMATION_UNAVAILABLE, detail)
