"""A pull that an operator requests after the decision: its result goes on the timeline, and the decision
stays.
"""

from typing import Final, assert_never

import structlog

from domain.callback.parts import Payload
from domain.policy.decide import decide
from domain.policy.evidence import gather_evidence
from domain.policy.reasons import Code, Reason
from domain.policy.rules.velocity import unlimited
from domain.pulls.budget import Wait
from domain.pulls.reading import Confirmed, Reading, Unconfirmed
from domain.pulls.request import asked_limit, is_answered
from domain.verifications.records import Case
from usecases.context import WorkerContext
from usecases.pulls.confirm import awaited, read_kept, spend_call
from usecases.verifications.decide import DecisionSettings, postpone

_UNANSWERED: Final = Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, "no answer was kept"))

log = structlog.get_logger(__name__)


async def look_again(context: WorkerContext, case: Case, settings: DecisionSettings) -> None:
    """Spend the call and put on the timeline what the decision would have been."""
    match await _spend(context, case, settings):
        case Wait(until):
            await postpone(context, case, until)
        case Confirmed(result):
            await _note(context, case, "result.obtained", _what_it_says(case, settings, result))
        case Unconfirmed(reason):
            await _note(context, case, "result.unavailable", {"reason": reason.detail or reason.code.value})
        case confirmation:
            assert_never(confirmation)


async def _spend(context: WorkerContext, case: Case, settings: DecisionSettings) -> Reading | Wait:
    ledger = await context.ledger.of(case.verification_id)
    if case.asked_at is None or is_answered(case.asked_at, ledger):
        # A worker died after the call. A request is for one call, whatever its result.
        kept = await read_kept(context, case)
        if isinstance(kept, Confirmed):
            return kept
        return awaited(context, case, ledger) or _UNANSWERED
    limit = asked_limit(case.asked_at, ledger)
    return await spend_call(context, case, settings.app, ledger=ledger, limit=limit)


def _what_it_says(case: Case, settings: DecisionSettings, result: Payload) -> dict[str, object]:
    """By the payloads alone: how often the number was verified then is a fact of the decision."""
    evidence = gather_evidence(case.payload, result, registration=case.registration)
    decision = decide(evidence, policy=unlimited(settings.policy), mode=settings.mode)
    return {"outcome": decision.outcome.value, "agreement": decision.agreement.value}


async def _note(context: WorkerContext, case: Case, event: str, detail: dict[str, object]) -> None:
    await context.second_looks.note(case.lease, event=event, detail=detail)
    log.info("verification.pulled", verification_id=str(case.verification_id), reason=event)
