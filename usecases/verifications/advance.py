"""Advance a verification by one step: confirm and decide it, ask for a missing callback, pull again."""

import contextlib
from datetime import timedelta
from typing import Final, assert_never

import structlog

from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.callback.words import is_ended
from domain.errors import ServerAway
from domain.model import ConfirmationMode, State
from domain.pulls.budget import Wait
from domain.pulls.reading import Confirmed, Unconfirmed
from domain.verifications.records import Case, DueVerification
from usecases.context import WorkerContext
from usecases.pulls.confirm import confirm
from usecases.verifications.await_registration import await_registration, awaits_registration
from usecases.verifications.decide import DecisionSettings, decide_case, postpone, settings_of
from usecases.verifications.pull_after_decision import look_again
from usecases.verifications.reconcile import reconcile

UNDECODABLE_REST: Final = timedelta(hours=1)
"""How long a verification whose callback cannot be read is postponed."""

log = structlog.get_logger(__name__)


async def take_up(context: WorkerContext, due: DueVerification) -> None:
    """Advance a claimed verification."""
    try:
        payload = None if due.data is None else decode_payload(due.data)
    except Exception:
        # Another version of this code could decode it when it was recorded.
        log.exception("verification.undecodable", verification_id=str(due.verification_id))
        await _put_off(context, due)
        return
    case = Case(
        lease=due.lease,
        biz_id=due.biz_id,
        payload=payload,
        ended_at=due.ended_at,
        registration=due.registration,
        asked_at=due.asked_at,
        is_decided=due.state is State.DECIDED,
        is_new=not due.has_calls,
    )
    await advance_safely(context, case)


async def _put_off(context: WorkerContext, due: DueVerification) -> None:
    """Postpone a verification; while PostgreSQL is away, it is due again when its lease ends."""
    with contextlib.suppress(ServerAway):
        until = context.clock() + UNDECODABLE_REST
        await context.due.postpone(due.lease, until=until)


async def advance_safely(context: WorkerContext, case: Case) -> None:
    """`advance`, but log any failure instead of raising: the verification is due again by its `due_at`."""
    try:
        await advance(context, case)
    except ServerAway as error:
        # Without a traceback: an outage fails hundreds of these, and the next claim logs it too.
        context.worker_stats.failed(error)
        log.info(
            "verification.postponed",
            verification_id=str(case.verification_id),
            error=error.kind,
        )
    except Exception as error:
        context.worker_stats.failed(error)
        log.exception("settlement.failed", app_id=case.app_id, verification_id=str(case.verification_id))


async def advance(context: WorkerContext, case: Case) -> None:
    """Take the next step for a verification: decide it, or set the time of the next look.

    Raises:
        KeyError: the app is not configured here.
        ServerAway: PostgreSQL is away.
    """
    settings = settings_of(context, case.app_id)
    if case.is_decided:
        await look_again(context, case, settings)
    elif case.payload is None:
        await reconcile(context, case, settings)
    elif awaits_registration(case, settings.app):
        await await_registration(context, case)
    else:
        await _advance_on_callback(context, case, settings, case.payload)


async def _advance_on_callback(
    context: WorkerContext, case: Case, settings: DecisionSettings, payload: Payload
) -> None:
    if settings.mode is ConfirmationMode.OFF or not is_ended(payload.status_word):
        await decide_case(context, case, settings)
        return
    match await confirm(context, case, settings.app, mode=settings.mode):
        case Wait(until):
            await postpone(context, case, until)
        case Confirmed(result):
            await decide_case(context, case, settings, result=result)
        case Unconfirmed(reason):
            await decide_case(context, case, settings, unconfirmed=reason)
        case confirmation:
            assert_never(confirmation)
