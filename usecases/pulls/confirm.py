"""Get the vendor's result within the pull budget: from an answer on the ledger, or by one more call."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, assert_never

import msgspec

from domain.apps.app import App
from domain.model import ConfirmationMode
from domain.policy.reasons import Code, Reason
from domain.pulls.answer import Answer
from domain.pulls.budget import (
    PULL_LIMIT,
    Pull,
    Reserve,
    Spent,
    Wait,
    next_pull,
    patience_of,
    pause_after,
    retry_at,
    sent_calls,
    still_awaited,
)
from domain.pulls.reading import Confirmed, Reading, Unconfirmed, read_answer, read_result
from domain.pulls.request import asked_limit
from domain.verifications.records import Case
from usecases.context import WorkerContext
from usecases.process.vendor_gates import LeftAlone
from usecases.pulls.call import make_call

SPREAD: Final = 0.25
"""Pauses are longer by up to this share, by chance: who waits for the same does not come back together."""

_SOON: Final = timedelta(seconds=1)

_COMPLETED: Final = "OK"
"""The status of a flow that the user went through to its end (protocol, 3)."""


async def confirm(
    context: WorkerContext, case: Case, app: App, *, mode: ConfirmationMode = ConfirmationMode.REQUIRED
) -> Reading | Wait:
    """The result for a verification whose flow has ended; spends at most one call. Wait: it may come later.

    Where a result is required, all calls of the budget may be spent in turn, else those of `pull_rules`.

    Raises:
        ServerAway: PostgreSQL is away; a call that was sent is on the ledger.
    """
    ledger = [] if case.is_new else await context.ledger.of(case.verification_id)
    if ledger and isinstance(kept := await read_kept(context, case), Confirmed):
        return kept
    limit = PULL_LIMIT if mode is ConfirmationMode.REQUIRED else context.pull_rules.limit
    if case.asked_at is not None:
        limit = max(limit, asked_limit(case.asked_at, ledger))
    return await spend_call(context, case, app, ledger=ledger, limit=limit)


async def read_kept(context: WorkerContext, case: Case) -> Reading | None:
    """Read the newest result on the ledger: a worker may have died between answer and decision."""
    async with context.pictures.room_for(context.apps[case.app_id]):
        kept = await context.ledger.answer_of(case.lease)
        return None if kept is None else read_result(kept, biz_id=case.biz_id)


def awaited(context: WorkerContext, case: Case, ledger: Sequence[Pull]) -> Wait | None:
    """Whether the answer of an earlier call may still reach the ledger: nothing is concluded without it.

    `ledger` must have been read before `read_kept` looked for an answer.
    """
    now = context.clock()
    if case.verification_id in context.unkept:
        return Wait(now + _SOON)
    return still_awaited(ledger, now=now, rules=context.pull_rules, open_since=context.database_since())


async def spend_call(
    context: WorkerContext, case: Case, app: App, *, ledger: Sequence[Pull], limit: int
) -> Reading | Wait:
    """Make one of the first `limit` calls, if the budget and the vendor's state allow it now."""
    if wait := awaited(context, case, ledger):
        return wait
    rules, now = msgspec.structs.replace(context.pull_rules, limit=limit), context.clock()
    match next_pull(ledger, now=now, ended_at=case.kept_since(now), rules=rules):
        case Wait() as wait:
            return wait
        case Spent(expired=True):
            return Unconfirmed(Reason(Code.RESULT_EXPIRED))
        case Spent():
            return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "no call left"))
        case Reserve(n):
            return await _call(context, case, app, ledger=ledger, n=n, limit=limit)
        case move:
            assert_never(move)


async def _call(
    context: WorkerContext, case: Case, app: App, *, ledger: Sequence[Pull], n: int, limit: int
) -> Reading | Wait:
    answer = await make_call(context, case, app, n=n, patience=_patience(context, case, app, ledger))
    match answer:
        case LeftAlone(pause):
            return _wait(context, pause)
        case None:
            # Somebody else has just reserved it and will decide.
            return Wait(context.clock() + context.lease)
        case Answer():
            spent = len({pull.n for pull in sent_calls(ledger)} | {n})
            return _conclude(context, case, app, answer=answer, spent=spent, is_last=spent >= limit)
        case _:
            assert_never(answer)


def _patience(context: WorkerContext, case: Case, app: App, ledger: Sequence[Pull]) -> timedelta | None:
    now = context.clock()
    return patience_of(
        ledger,
        now=now,
        ended_at=case.kept_since(now),
        is_asked=case.asked_at is not None,
        last=app.pull_retry_delays[-1] if app.pull_retry_delays else context.pull_rules.spacing,
    )


def _conclude(
    context: WorkerContext, case: Case, app: App, *, answer: Answer, spent: int, is_last: bool
) -> Reading | Wait:
    is_completed = case.payload is not None and case.payload.status_word == _COMPLETED
    reading = read_answer(answer, biz_id=case.biz_id, is_completed=is_completed)
    if isinstance(reading, Confirmed) or not reading.may_change:
        return reading
    rules, delays = context.pull_rules, app.pull_retry_delays
    pause = pause_after(answer.state, spent=spent, is_last=is_last, delays=delays, rules=rules)
    return reading if pause is None else _wait(context, pause, case)


def _wait(context: WorkerContext, pause: timedelta, case: Case | None = None) -> Wait:
    """Wait for the pause and a little more; for `case` not beyond the day for which its result is kept."""
    now, pause = context.clock(), pause * (1 + SPREAD * context.jitter())
    if case is None:
        return Wait(now + pause)
    return Wait(retry_at(now, pause=pause, ended_at=case.kept_since(now), rules=context.pull_rules))
