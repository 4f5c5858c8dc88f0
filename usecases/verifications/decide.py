"""Decide a verification on its facts, save the decision once, announce it; or set the time of the next
look.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from domain.apps.app import App
from domain.callback.parts import Payload
from domain.model import ConfirmationMode, Identity
from domain.policy.decide import UNCONFIRMED, Decision, decide
from domain.policy.evidence import Evidence, gather_evidence, with_velocity
from domain.policy.facts.facts import UNREAD_RESULT
from domain.policy.file.policy import Policy
from domain.policy.reasons import Reason
from domain.verifications.records import Case, DecisionRecord
from usecases.context import WorkerContext

_WORTH_AN_ALARM: Final = timedelta(minutes=10)
"""A shorter pause ends by an alarm; a longer one by the sweep."""

log = structlog.get_logger(__name__)


class DecisionSettings(msgspec.Struct, frozen=True):
    """The app whose policy decides, and the confirmation mode."""

    app: App
    policy: Policy
    mode: ConfirmationMode


def settings_of(context: WorkerContext, app_id: str) -> DecisionSettings:
    """The settings for an app's decisions. Raises KeyError: the app is not configured here."""
    app = context.apps[app_id]
    policy = context.policies.get(app.policy)
    return DecisionSettings(app, policy, app.confirmation or policy.config.confirmation.mode)


async def decide_case(
    context: WorkerContext,
    case: Case,
    settings: DecisionSettings,
    *,
    result: Payload | None = None,
    unconfirmed: Reason = UNCONFIRMED,
) -> None:
    """Decide on callback and result, save once and announce.

    Raises:
        ValueError: neither is there.
        KeyError: the candidate policy is not configured here.
        ServerAway: PostgreSQL is away.
    """
    identities = (payload.identity() for payload in (result, case.payload) if payload is not None)
    identity = next(filter(None, identities), None)
    evidence = gather_evidence(case.payload, result, registration=case.registration, unconfirmed=unconfirmed)
    now = context.clock()
    if _limits_velocity(context, settings) and identity is not None and identity.id_number:
        velocity = await context.velocity.count(case.lease, identity.id_number, at=now)
        evidence = with_velocity(evidence, velocity)
    await _decide(context, case, settings, evidence, identity, now=now)


async def decide_unread(context: WorkerContext, case: Case, settings: DecisionSettings) -> None:
    """Decide for review, without a callback and with an unreadable result. Raises as `decide_case`."""
    await _decide(context, case, settings, Evidence(result=UNREAD_RESULT), None, now=context.clock())


def _limits_velocity(context: WorkerContext, settings: DecisionSettings) -> bool:
    """Whether the app's policy, or its candidate, needs the count. Without that nothing is read."""
    candidate = _candidate(context, settings.app)
    policies = (settings.policy, candidate) if candidate else (settings.policy,)
    return any(policy.config.velocity.is_limited for policy in policies)


def _candidate(context: WorkerContext, app: App) -> Policy | None:
    return context.policies.get(app.candidate_policy) if app.candidate_policy else None


async def _decide(
    context: WorkerContext,
    case: Case,
    settings: DecisionSettings,
    evidence: Evidence,
    identity: Identity | None,
    *,
    now: datetime,
) -> None:
    def under(policy: Policy) -> Decision:
        return decide(evidence, policy=policy, mode=settings.mode)

    decision = under(settings.policy)
    candidate = _candidate(context, settings.app)
    decision_record = DecisionRecord(
        lease=case.lease,
        decision=decision,
        policy=settings.policy,
        evidence=evidence,
        mode=settings.mode,
        identity=identity,
        decided_at=now,
        shadow=(candidate, under(candidate)) if candidate else None,
    )
    context.reached("before_commit")
    saved = await context.decisions.save_once(decision_record)
    context.reached("after_commit")
    if saved:
        reasons = (reason.code for reason in decision.reasons)
        context.worker_stats.count_decision(case.app_id, decision.outcome, reasons)
        log.info("decision.saved", verification_id=str(case.verification_id), outcome=decision.outcome)
        await context.announcer.announce(case.verification_id)


async def postpone(context: WorkerContext, case: Case, until: datetime) -> None:
    """Look at the verification again at `until`."""
    await context.due.postpone(case.lease, until=until)
    log.info("verification.postponed", verification_id=str(case.verification_id))
    if until - context.clock() <= _WORTH_AN_ALARM:
        context.alarm.ring_at(until)
