"""Explain a stored decision and compute it again from its stored facts."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.callback.words import is_ended
from domain.errors import PolicyFileError
from domain.model import Agreement, Basis, ConfirmationMode, DecidedBy, Outcome
from domain.policy.decide import Decision, agreement_of, decide
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Disagreement, Facts
from domain.policy.file.policy import Policy, read_policy
from domain.policy.reasons import TEXTS, Reason
from domain.policy.rules.rules import RuleRun


class StoredDecision(msgspec.Struct, frozen=True):
    """A stored decision with its evidence.

    `mode` is the confirmation mode in force.
    """

    outcome: Outcome
    basis: Basis
    reasons: tuple[Reason, ...]
    rules: tuple[RuleRun, ...]
    disagreements: tuple[Disagreement, ...]
    evidence: Evidence
    mode: ConfirmationMode


class DecidedFacts(msgspec.Struct, frozen=True):
    """The part of a stored decision that another policy needs to decide again, and its outcome."""

    app_id: str
    biz_id: str
    outcome: Outcome
    evidence: Evidence
    mode: ConfirmationMode


class PolicyText(msgspec.Struct, frozen=True):
    """A policy as stored when it first decided; `text` is "" for decisions before texts were stored."""

    name: str
    version: str
    content_hash: str
    text: str


WordedReason = dict[str, str]
"""`{"code", "detail", "en", "zh"}`; a person's has no `detail`."""


class ConcludedReview(msgspec.Struct, frozen=True):
    """A person's conclusion, the `n`-th of its verification. `by_two`: another person approved it.

    Who concluded is in the audit alone.
    """

    n: int
    case_id: UUID
    outcome: Outcome
    reasons: tuple[WordedReason, ...]
    by_two: bool
    at: datetime


class DecidedVerification(msgspec.Struct, frozen=True):
    """A stored decision with its verification, its policy and the newest review."""

    app_id: str
    biz_id: str
    decided_at: datetime
    decision: StoredDecision
    policy: PolicyText
    review: ConcludedReview | None = None


class WordedRun(msgspec.Struct, frozen=True):
    """One rule's run: `passed`, `ignored`, `review` or `reject`, and its reasons."""

    rule: str
    verdict: str
    reasons: tuple[WordedReason, ...]


class Recomputed(msgspec.Struct, frozen=True):
    """The decision on the stored facts today; `same`: every part equals the stored decision."""

    same: bool
    outcome: Outcome


class FactsSaid(msgspec.Struct, frozen=True):
    """The facts of callback and result; None for a missing one."""

    callback: Facts | None
    result: Facts | None


class Explanation(msgspec.Struct, frozen=True):
    """The explanation of a decision; `recomputed` None: its policy's text is not available.

    All members but the last three are about the policy's decision, which a review leaves as it is.
    """

    app_id: str
    biz_id: str
    decided_at: datetime
    outcome: Outcome
    basis: Basis
    agreement: Agreement
    confirmation: ConfirmationMode
    unconfirmed: WordedReason | None
    disagreements: tuple[Disagreement, ...]
    reasons: tuple[WordedReason, ...]
    rules: tuple[WordedRun, ...]
    policy: PolicyText
    facts: FactsSaid
    recomputed: Recomputed | None
    effective_outcome: Outcome
    decided_by: DecidedBy
    review: ConcludedReview | None


def explain(item: DecidedVerification) -> Explanation:
    """Explain a stored decision and compute it again."""
    stored = item.decision
    return Explanation(
        app_id=item.app_id,
        biz_id=item.biz_id,
        decided_at=item.decided_at,
        outcome=stored.outcome,
        basis=stored.basis,
        agreement=agreement_of(stored.basis, with_callback=stored.evidence.callback is not None),
        confirmation=stored.mode,
        unconfirmed=_why_no_result(stored),
        disagreements=stored.disagreements,
        reasons=tuple(map(in_words, stored.reasons)),
        rules=tuple(
            WordedRun(run.rule, run.verdict, tuple(map(in_words, run.reasons))) for run in stored.rules
        ),
        policy=item.policy,
        facts=FactsSaid(stored.evidence.callback, stored.evidence.result),
        recomputed=_recompute_by_text(stored, item.policy),
        effective_outcome=stored.outcome if item.review is None else item.review.outcome,
        decided_by=DecidedBy.POLICY if item.review is None else DecidedBy.PERSON,
        review=item.review,
    )


def recompute(stored: StoredDecision | DecidedFacts, policy: Policy) -> Decision:
    """The decision that the stored facts lead to under `policy`."""
    return decide(stored.evidence, policy=policy, mode=stored.mode)


def is_same(stored: StoredDecision, decision: Decision) -> bool:
    """Whether a decision equals the stored one in every part."""
    return _parts(stored) == _parts(decision)


def in_words(reason: Reason) -> WordedReason:
    """A reason with its texts in English and Chinese."""
    english, chinese = TEXTS[reason.code]
    return {"code": reason.code.value, "detail": reason.detail, "en": english, "zh": chinese}


def _why_no_result(stored: StoredDecision) -> WordedReason | None:
    """Why there is no result; None if there is one, or if none was requested: confirmation is off, or it is
    unknown whether the flow has ended."""
    callback, unconfirmed = stored.evidence.callback, stored.evidence.unconfirmed
    asked = stored.mode is not ConfirmationMode.OFF and callback is not None and is_ended(callback.status)
    return in_words(unconfirmed) if unconfirmed is not None and asked else None


def _recompute_by_text(stored: StoredDecision, kept: PolicyText) -> Recomputed | None:
    try:
        policy = read_policy(kept.text)
    except PolicyFileError:
        return None
    decision = recompute(stored, policy)
    untouched = policy.content_hash == kept.content_hash
    return Recomputed(untouched and is_same(stored, decision), decision.outcome)


def _parts(of: StoredDecision | Decision) -> bytes:
    # Compared in their stored form: JSON has no tuples, and -0.0 differs from 0.0.
    return msgspec.json.encode((of.outcome, of.basis, of.reasons, of.rules, of.disagreements))
