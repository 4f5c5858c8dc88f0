"""Settle a verification: confirm its callback by a result, decide, save, announce."""

import msgspec
import structlog

from adapters.store.decisions import SettledVerification, seal_identity
from domain.apps import App
from domain.facts import extract_facts
from domain.model import ConfirmationMode, Identity
from domain.payload import Payload, as_text
from domain.policy import UNCONFIRMED, Decision, decide, is_ended
from domain.policy_file import Policy
from domain.reasons import Reason
from workers.case import Case
from workers.confirmation import Confirmed, Postponed, Unconfirmed, confirm
from workers.context import WorkerContext

log = structlog.get_logger(__name__)


async def settle_safely(context: WorkerContext, case: Case) -> None:
    """`settle`, with any failure logged: the verification's `due_at` brings it back."""
    try:
        await settle(context, case)
    except Exception:
        log.exception("settlement.failed", app_id=case.app_id, verification_id=str(case.verification_id))


async def settle(context: WorkerContext, case: Case) -> None:
    """Decide a verification, or postpone it to when its result can be pulled.

    Raises:
        KeyError: the app is not configured here (any more).
        DBAPIError, OSError: PostgreSQL is away.
    """
    app = context.apps[case.app_id]
    policy = context.policies.get(app.policy)
    mode = app.confirmation or policy.config.confirmation.mode
    if mode is ConfirmationMode.OFF or not is_ended(as_text(case.payload.status)):
        await _decide(context, case, _Basis(app, policy, mode))
        return
    match await confirm(context, case, app):
        case Postponed(until):
            await context.undecided.postpone(case.verification_id, until=until)
            log.info("verification.postponed", verification_id=str(case.verification_id))
        case Confirmed(result):
            await _decide(context, case, _Basis(app, policy, mode, result=result))
        case Unconfirmed(reason):
            await _decide(context, case, _Basis(app, policy, mode, unconfirmed=reason))


class _Basis(msgspec.Struct, frozen=True):
    """What a verification is decided by: whose policy, in which mode, on which result."""

    app: App
    policy: Policy
    mode: ConfirmationMode
    result: Payload | None = None
    unconfirmed: Reason = UNCONFIRMED


async def _decide(context: WorkerContext, case: Case, basis: _Basis) -> None:
    callback_facts = extract_facts(case.payload)
    result_facts = None if basis.result is None else extract_facts(basis.result)

    def under(policy: Policy) -> Decision:
        return decide(
            callback_facts, result_facts, policy=policy, mode=basis.mode, unconfirmed=basis.unconfirmed
        )

    decision = under(basis.policy)
    candidate = basis.app.candidate_policy and context.policies.get(basis.app.candidate_policy)
    identity = (basis.result.identity() if basis.result else None) or case.payload.identity()
    settled = SettledVerification(
        verification_id=case.verification_id,
        decision=decision,
        policy=basis.policy,
        callback_facts=callback_facts,
        result_facts=result_facts,
        mode=basis.mode,
        unconfirmed=None if result_facts else basis.unconfirmed,
        identity_ct=_seal(case, identity),
        decided_at=context.clock(),
        shadow=(candidate, under(candidate)) if candidate else None,
    )
    if await context.decisions.save_once(settled):
        log.info("decision.saved", verification_id=str(case.verification_id), outcome=decision.outcome)
        await context.announcer.announce(case.verification_id)


def _seal(case: Case, identity: Identity | None) -> bytes | None:
    if identity is None:
        return None
    return seal_identity(case.data_key, identity, app_id=case.app_id, verification_id=case.verification_id)
