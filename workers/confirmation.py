"""Confirm a callback by get_result, within the pull budget: reserve, send, keep the answer, then read it."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from adapters.faceid_api import Answer
from adapters.store.ledger import FinishedPull, seal_answer
from domain.apps import App
from domain.budget import PullState, Reserve, Spent, Wait, next_pull
from domain.errors import MalformedPayload, UndecodableCallback
from domain.payload import Payload, decode_payload
from domain.reasons import Code, Reason
from workers.case import Case
from workers.context import WorkerContext

log = structlog.get_logger(__name__)


class Confirmed(msgspec.Struct, frozen=True):
    """The vendor's result."""

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


async def confirm(context: WorkerContext, case: Case, app: App) -> Confirmation:
    """The result for a verification whose flow has ended; spends at most one call.

    Raises:
        DBAPIError, OSError: PostgreSQL is away; a call that was sent is on the ledger.
    """
    ledger = [] if case.is_new else await context.ledger.of(case.verification_id)
    if ledger:
        # A worker may have died between the vendor's answer and the decision.
        kept = await context.ledger.answer_of(
            case.verification_id, app_id=case.app_id, data_key=case.data_key
        )
        if kept is not None:
            return _read(kept, case)
    now = context.clock()
    match next_pull(ledger, now=now, ended_at=case.ended_at, rules=context.pull_rules):
        case Wait(until):
            return Postponed(until)
        case Spent(expired=True):
            return Unconfirmed(Reason(Code.RESULT_EXPIRED))
        case Spent():
            return Unconfirmed(_CALLS_SPENT)
        case Reserve(n):
            if not await context.ledger.reserve(case.verification_id, n, now=now):
                # Somebody else has just reserved it and will decide.
                return Postponed(now + context.sweep_after)
            # Shielded: a call under way is never cut off half way, since it is spent either way.
            answer = await asyncio.shield(_pull(context, case, app, n))
            return _conclude(context, case, app, answer=answer, n=n)


async def _pull(context: WorkerContext, case: Case, app: App, n: int) -> Answer:
    """Send reserved call `n` and put the answer on the ledger before anybody reads it."""
    answer = await context.faceid.get_result(app, case.payload.biz_id)
    if answer.error in _MISCONFIGURED:
        log.error("pull.misconfigured", app_id=app.app_id, error=answer.error)
    raw_ct = answer.body and seal_answer(
        case.data_key, answer.body, app_id=case.app_id, verification_id=case.verification_id, n=n
    )
    await context.ledger.finish(
        FinishedPull(
            verification_id=case.verification_id,
            n=n,
            state=answer.state,
            finished_at=context.clock(),
            http_status=answer.http_status,
            error=answer.error,
            raw_ct=raw_ct,
        )
    )
    return answer


def _conclude(context: WorkerContext, case: Case, app: App, *, answer: Answer, n: int) -> Confirmation:
    if answer.body is not None:
        return _read(answer.body, case)
    pause = _pause_before_retry(app, answer, n=n, calls=context.pull_rules.limit)
    if pause is None:
        return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, answer.error or ""))
    return Postponed(context.clock() + pause)


def _pause_before_retry(app: App, answer: Answer, *, n: int, calls: int) -> timedelta | None:
    """How long to wait before asking again, or None where that is no use."""
    delays = app.pull_retry_delays
    if not answer.retry or not delays:
        return None
    if answer.state is PullState.NOT_SENT:
        return delays[0]
    return delays[min(n, len(delays)) - 1] if n < calls else None


def _read(body: bytes, case: Case) -> Confirmation:
    try:
        result = decode_payload(body)
    except (MalformedPayload, UndecodableCallback):
        return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "unreadable result"))
    if result.biz_id != case.payload.biz_id:
        return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "result of another biz_id"))
    return Confirmed(result)
