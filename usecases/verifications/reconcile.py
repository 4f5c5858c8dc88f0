"""Registered verifications without a callback: pull their result, decide, or expire them."""

from collections.abc import Sequence
from typing import assert_never

import structlog

from domain.apps.registration import Registration
from domain.pulls.budget import Pull, Wait
from domain.pulls.reading import Confirmed, Reading, Unconfirmed
from domain.pulls.reconciliation import Expire, Look, next_look
from domain.pulls.request import asked_limit, is_answered
from domain.verifications.records import Case
from usecases.context import WorkerContext
from usecases.pulls.confirm import awaited, read_kept, spend_call
from usecases.verifications.decide import DecisionSettings, decide_case, decide_unread, postpone

log = structlog.get_logger(__name__)


async def reconcile(context: WorkerContext, case: Case, settings: DecisionSettings) -> None:
    """Take the next step for a verification without a final callback."""
    if case.registration is None:
        # Its callback says that the flow is still running. It became due because the vendor's day is over.
        await _expire(context, case)
        return
    # Read before the answers: a call that ends between the two is still awaited by this ledger.
    ledger = await context.ledger.of(case.verification_id)
    kept = await read_kept(context, case)
    if isinstance(kept, Confirmed):
        await decide_case(context, case, settings, result=kept.result)
    else:
        await _step(context, case, settings, case.registration, ledger, kept)


async def _step(
    context: WorkerContext,
    case: Case,
    settings: DecisionSettings,
    registration: Registration,
    ledger: Sequence[Pull],
    kept: Reading | None,
) -> None:
    wait = awaited(context, case, ledger)
    match wait or _asked_look(case, ledger) or _next_look(context, registration, ledger):
        case Look(limit):
            await _look(context, case, settings, registration, ledger=ledger, limit=limit)
        case Wait(until):
            await postpone(context, case, until)
        case Expire():
            await _give_up(context, case, settings, kept)
        case step:
            assert_never(step)


async def _look(
    context: WorkerContext,
    case: Case,
    settings: DecisionSettings,
    registration: Registration,
    *,
    ledger: Sequence[Pull],
    limit: int,
) -> None:
    match await spend_call(context, case, settings.app, ledger=ledger, limit=limit):
        case Confirmed(result):
            await decide_case(context, case, settings, result=result)
        case Wait(until):
            await postpone(context, case, until)
        case Unconfirmed():
            await _rest(context, case, settings, registration)
        case confirmation:
            assert_never(confirmation)


async def _rest(
    context: WorkerContext, case: Case, settings: DecisionSettings, registration: Registration
) -> None:
    """There is no result yet: wait for the next look, or give up."""
    ledger = await context.ledger.of(case.verification_id)
    match _next_look(context, registration, ledger):
        case Wait(until):
            await context.due.postpone(case.lease, until=until)
        case Look():
            # A look that became due meanwhile, or on which no call was spent: the next sweep takes it.
            at = context.clock() + context.pull_rules.spacing
            await context.due.postpone(case.lease, until=at)
        case Expire():
            # The call may have brought a newer result, even one that cannot be read.
            await _give_up(context, case, settings, await read_kept(context, case))
        case step:
            assert_never(step)


def _asked_look(case: Case, ledger: Sequence[Pull]) -> Look | None:
    """The look that an operator requested, until its call is spent."""
    if case.asked_at is None or is_answered(case.asked_at, ledger):
        return None
    return Look(asked_limit(case.asked_at, ledger))


def _next_look(
    context: WorkerContext, registration: Registration, ledger: Sequence[Pull]
) -> Look | Wait | Expire:
    return next_look(registration, ledger, now=context.clock(), rules=context.reconcile_rules)


async def _give_up(
    context: WorkerContext, case: Case, settings: DecisionSettings, kept: Reading | None
) -> None:
    """No call is left: it expires if there is no result, and needs review if the result is unreadable."""
    if isinstance(kept, Unconfirmed) and kept.is_unread:
        await decide_unread(context, case, settings)
    else:
        await _expire(context, case)


async def _expire(context: WorkerContext, case: Case) -> None:
    await context.due.expire(case.lease)
    log.warning("verification.expired", app_id=case.app_id, verification_id=str(case.verification_id))
