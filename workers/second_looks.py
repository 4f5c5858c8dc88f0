"""A pull that an operator asked for after the decision: what it brought is noted, the decision stands."""

import structlog

from domain.budget import PULL_LIMIT
from domain.payload import Payload
from domain.policy import decide
from domain.records import Case
from workers.confirmation import Confirmed, Postponed, Unconfirmed, spend_call
from workers.context import WorkerContext
from workers.deciding import Grounds, facts_of, postpone

log = structlog.get_logger(__name__)


async def look_again(context: WorkerContext, case: Case, grounds: Grounds) -> None:
    """Spend the call and put on the timeline what it would have come to."""
    ledger = await context.ledger.of(case.verification_id)
    match await spend_call(context, case, grounds.app, ledger=ledger, limit=PULL_LIMIT):
        case Postponed(until):
            await postpone(context, case, until)
        case Confirmed(result):
            await _note(context, case, "result.obtained", _what_it_says(case, grounds, result))
        case Unconfirmed(reason):
            await _note(context, case, "result.unavailable", {"reason": reason.detail or reason.code.value})


def _what_it_says(case: Case, grounds: Grounds, result: Payload) -> dict[str, object]:
    callback_facts = None if case.payload is None else facts_of(case, case.payload)
    decision = decide(callback_facts, facts_of(case, result), policy=grounds.policy, mode=grounds.mode)
    return {"outcome": decision.outcome.value, "agreement": decision.agreement.value}


async def _note(context: WorkerContext, case: Case, event: str, detail: dict[str, object]) -> None:
    await context.second_looks.note(case.verification_id, fence=case.fence, event=event, detail=detail)
    log.info("verification.pulled", verification_id=str(case.verification_id), reason=event)
