"""Ask get_result within the pull budget: reserve, send, keep the answer, then read it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from domain.answer import Answer
from domain.apps import App
from domain.budget import Pull, PullState, Reserve, Spent, Wait, next_pull
from domain.decoding import decode_payload
from domain.errors import MalformedPayload, UndecodableCallback
from domain.payload import Payload
from domain.policy import is_open
from domain.pull_request import asked_limit
from domain.reasons import Code, Reason
from domain.records import Case, FinishedPull
from workers.context import WorkerContext

log = structlog.get_logger(__name__)


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

_MISCONFIGURED: Final = frozenset({"AUTHENTICATION_ERROR", "AUTHORIZATION_ERROR", "API_NOT_FOUND"})
"""Answers that somebody must mend in the configuration: asking again would only spend the calls."""

_CALLS_SPENT: Final = Reason(Code.CONFIRMATION_UNAVAILABLE, "no call left")
_GOES_ON: Final = Reason(Code.CONFIRMATION_UNAVAILABLE, "the result says that the flow goes on")


async def confirm(context: WorkerContext, case: Case, app: App) -> Confirmation:
    """The result for a verification whose flow has ended; spends at most one call.

    Raises:
        OSError: PostgreSQL is away; a call that was sent is on the ledger.
    """
    ledger = [] if case.is_new else await context.ledger.of(case.verification_id)
    if ledger and (kept := await kept_result(context, case)):
        return Confirmed(kept)
    limit = context.pull_rules.limit
    if case.asked_at is not None:
        limit = max(limit, asked_limit(case.asked_at, ledger))
    return await spend_call(context, case, app, ledger=ledger, limit=limit)


async def kept_result(context: WorkerContext, case: Case) -> Payload | None:
    """The result that an earlier call brought: a worker may have died between answer and decision."""
    body = await context.ledger.answer_of(case.verification_id, app_id=case.app_id, data_key=case.data_key)
    read = None if body is None else _read(body, case)
    return read.result if isinstance(read, Confirmed) else None


async def spend_call(
    context: WorkerContext, case: Case, app: App, *, ledger: Sequence[Pull], limit: int
) -> Confirmation:
    """Make one of the first `limit` calls, if the budget and the vendor's state allow it now."""
    rules, now = msgspec.structs.replace(context.pull_rules, limit=limit), context.clock()
    match next_pull(ledger, now=now, ended_at=case.kept_since(now), rules=rules):
        case Wait(until):
            return Postponed(until)
        case Spent(expired=True):
            return Unconfirmed(Reason(Code.RESULT_EXPIRED))
        case Spent():
            return Unconfirmed(_CALLS_SPENT)
        case Reserve(n):
            return await _call(context, case, app, n=n, limit=limit)


async def _call(context: WorkerContext, case: Case, app: App, *, n: int, limit: int) -> Confirmation:
    # The place first, then the reservation: a reserved call must be under way.
    async with context.gates.slot(app.app_id) as left_alone_for:
        if left_alone_for is not None:
            return Postponed(context.clock() + left_alone_for)
        # Before anything is awaited: in an open circuit no other call may be let in beside this probe.
        context.gates.started(app.app_id)
        # Shielded from the reservation on: once it stands, the call is spent whether it is made or not.
        answer = await asyncio.shield(_reserve_and_pull(context, case, app, n))
    if answer is None:
        # Somebody else has just reserved it and will decide.
        return Postponed(context.clock() + context.lease)
    return _conclude(context, case, answer=answer, pauses=_pauses(app, n=n, limit=limit))


async def _reserve_and_pull(context: WorkerContext, case: Case, app: App, n: int) -> Answer | None:
    """Reserve call `n` and make it; None where it is no longer ours to make."""
    context.reached("before_reserve")
    if not await context.ledger.reserve(case.verification_id, n, fence=case.fence, now=context.clock()):
        return None
    context.reached("after_reserve")
    return await _pull(context, case, app, n)


async def _pull(context: WorkerContext, case: Case, app: App, n: int) -> Answer:
    """Send reserved call `n` and put the answer on the ledger before anybody reads it."""
    answer = await context.vendor.get_result(app, case.biz_id)
    context.gates.ended(app.app_id, answer)
    context.reached("after_send")
    if answer.error in _MISCONFIGURED:
        log.error("pull.misconfigured", app_id=app.app_id, error=answer.error)
    context.tally.count_pull(app.app_id, answer.state)
    await context.ledger.finish(
        FinishedPull(case.verification_id, case.app_id, case.data_key, n, answer, context.clock())
    )
    context.reached("after_raw_stored")
    return answer


class _Pauses(msgspec.Struct, frozen=True):
    """How long to wait before asking again, where that may help; None where no call is left for it."""

    not_sent: timedelta | None
    spent: timedelta | None


def _pauses(app: App, *, n: int, limit: int) -> _Pauses:
    delays = app.pull_retry_delays
    if not delays:
        return _Pauses(None, None)
    return _Pauses(delays[0], delays[min(n, len(delays)) - 1] if n < limit else None)


def _conclude(context: WorkerContext, case: Case, *, answer: Answer, pauses: _Pauses) -> Confirmation:
    if answer.body is not None:
        read = _read(answer.body, case)
        again = read == Unconfirmed(_GOES_ON)
    else:
        read = Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, answer.error or ""))
        again = answer.retry
    pause = pauses.not_sent if answer.state is PullState.NOT_SENT else pauses.spent
    return Postponed(context.clock() + pause) if again and pause is not None else read


def _read(body: bytes, case: Case) -> Confirmed | Unconfirmed:
    try:
        result = decode_payload(body)
    except (MalformedPayload, UndecodableCallback):
        return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "unreadable result"))
    if result.biz_id != case.biz_id:
        return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "result of another biz_id"))
    return Unconfirmed(_GOES_ON) if is_open(result.status_word) else Confirmed(result)
