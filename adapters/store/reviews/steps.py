"""Write one step of a case with everything that follows from it, in the caller's transaction.

The caller holds the row locks of verification and case. The statement still names the case's `seq` and
`fence` as they were read, and the review's approver, so nothing is written on what someone else has changed.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from adapters.store.audit import rows as audit
from adapters.store.reviews.cases import CaseRow, case_row
from adapters.store.reviews.effective import concluded
from adapters.store.statements.bulk import as_rows
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.events.event import EventType, NewEvent
from domain.people.actor import Actor, ActorKind
from domain.reviews.case import ReviewCase
from domain.reviews.errors import LeaseLost
from domain.reviews.history import CONCLUDING, CaseEvent, Detail, Kind


class Sealed(msgspec.Struct, frozen=True):
    """The sealed notes of a step: that of its event, and that of the review that it makes."""

    event: bytes | None = None
    review: bytes | None = None


async def write_renewal(connection: asyncpg.Connection, before: ReviewCase, after: ReviewCase) -> None:
    """Store a renewed claim, which is no event. Raises LeaseLost: the case is another one's by now."""
    row = _Row(case_row(before, after), None, None, None, None)
    await _write(connection, row, Sealed())


async def write_step(
    connection: asyncpg.Connection,
    before: ReviewCase,
    after: ReviewCase,
    event: CaseEvent,
    *,
    sealed: Sealed,
    actor: Actor,
    n: int,
) -> None:
    """Store the event, the case after it, and what follows: a review with the outcome that counts, the
    timeline's entry and the audit's row. The log's event (`told`) is left to the caller, as the last.

    Raises:
        LeaseLost: the case is no longer as it was read.
    """
    review = _review(before, event, n) if event.kind in CONCLUDING else None
    row = _Row(case_row(before, after), event, review, ON_TIMELINE.get(event.kind), _timeline_detail(event))
    await _write(connection, row, sealed)
    if actor.kind is not ActorKind.GATEWAY:
        await audit.append_in_bulk(connection, [_audit(after, event, actor)])


async def _write(connection: asyncpg.Connection, row: "_Row", sealed: Sealed) -> None:
    written = await connection.fetchval(_WRITE, as_rows([row]), sealed.event, sealed.review)
    if written is None:
        raise LeaseLost


class _Review(msgspec.Struct, frozen=True):
    verification_id: UUID
    app_id: str
    n: int
    outcome: str
    reasons: tuple[str, ...]
    proposed_by: UUID
    proposed_name: str
    approved_by: UUID | None
    approved_name: str | None
    evidence_hash: str
    opened_at: datetime
    claimed_at: datetime | None
    at: datetime


class _Row(msgspec.Struct, frozen=True):
    """`case`, `event` and `review` are read as JSON of their own."""

    case: CaseRow
    event: CaseEvent | None
    review: _Review | None
    timeline: str | None
    timeline_detail: dict[str, Any] | None


def _review(case: ReviewCase, event: CaseEvent, n: int) -> _Review:
    assert event.person_id is not None  # noqa: S101 - a person concludes
    assert event.detail.outcome is not None  # noqa: S101
    proposal = case.proposal
    is_approval = event.kind is Kind.APPROVED and proposal is not None
    return _Review(
        verification_id=case.verification_id,
        app_id=case.app_id,
        n=n,
        outcome=event.detail.outcome.value,
        reasons=event.detail.reasons,
        proposed_by=proposal.person_id if proposal and is_approval else event.person_id,
        proposed_name=proposal.name if proposal and is_approval else event.actor,
        approved_by=event.person_id if is_approval else None,
        approved_name=event.actor if is_approval else None,
        evidence_hash=event.evidence_hash or "",
        opened_at=case.opened_at,
        claimed_at=case.claimed_at,
        at=event.at,
    )


def _timeline_detail(event: CaseEvent) -> dict[str, Any]:
    """Outcome and reasons; who it was is in the audit alone."""
    detail: Detail = event.detail
    outcome = {} if detail.outcome is None else {"outcome": detail.outcome.value}
    return {"case_id": str(event.case_id), **outcome, "reasons": list(detail.reasons)}


def _audit(case: ReviewCase, event: CaseEvent, actor: Actor) -> AuditRow:
    detail: dict[str, Any] = {"seq": event.seq, "verification_id": str(case.verification_id)}
    if event.detail.outcome is not None:
        detail["outcome"] = event.detail.outcome.value
    if event.detail.in_bulk:
        detail["in_bulk"] = True
    return AuditRow(
        action=_ACTIONS[event.kind],
        actor=str(actor),
        app_id=case.app_id,
        subject=str(case.id),
        reason=", ".join(event.detail.reasons) or event.detail.because,
        detail=detail,
        person_id=actor.person_id,
        address=actor.address,
    )


def told(case: ReviewCase, event: CaseEvent, n: int) -> list[NewEvent]:
    """The events of the log that follow from a case's event; `n`: the number of the next review."""
    if event.kind in CONCLUDING:
        return [_reviewed(case, event, n)]
    return [_overdue(case, event)] if event.kind is Kind.ESCALATED else []


def _overdue(case: ReviewCase, event: CaseEvent) -> NewEvent:
    detail = {"case_id": str(case.id), "priority": case.priority.word}
    return NewEvent(EventType.REVIEW_OVERDUE, event.at, verification_id=case.verification_id, detail=detail)


def _reviewed(case: ReviewCase, event: CaseEvent, n: int) -> NewEvent:
    detail = {"case_id": str(case.id), "review": n, "reasons": list(event.detail.reasons)}
    return NewEvent(EventType.REVIEWED, event.at, verification_id=case.verification_id, detail=detail)


ON_TIMELINE: Final = {
    Kind.PROPOSED: "review.proposed",
    Kind.RETURNED: "review.returned",
    Kind.APPROVED: "review.concluded",
    Kind.CONCLUDED: "review.concluded",
    Kind.CLOSED: "review.closed",
    Kind.NOTED: "review.noted",
}

_ACTIONS: Final = {
    Kind.NOTED: Action.CASE_NOTED,
    Kind.CLAIMED: Action.CASE_CLAIMED,
    Kind.TAKEN_OVER: Action.CASE_TAKEN_OVER,
    Kind.RELEASED: Action.CASE_RELEASED,
    Kind.SNOOZED: Action.CASE_SNOOZED,
    Kind.PROPOSED: Action.CASE_PROPOSED,
    Kind.RETURNED: Action.CASE_RETURNED,
    Kind.APPROVED: Action.CASE_APPROVED,
    Kind.CONCLUDED: Action.CASE_CONCLUDED,
    Kind.LOOKED: Action.CASE_LOOKED,
    Kind.CLOSED: Action.CASE_CLOSED,
}

_WRITE: Final = f"""
WITH incoming AS MATERIALIZED (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t ("case" json, event json, review json, timeline text, timeline_detail jsonb)
), step AS MATERIALIZED (
  SELECT t.* FROM incoming CROSS JOIN LATERAL json_to_record("case")
    AS t (id uuid, seq_before integer, fence_before bigint, state text, seq integer, fence bigint,
          priority smallint, escalate_at timestamptz, claimed_by uuid, claimed_name text,
          claimed_at timestamptz, lease_until timestamptz, snoozed_until timestamptz, proposal json,
          closed_at timestamptz)
), moved AS (
  UPDATE review_cases c
  SET state = s.state, seq = s.seq, fence = s.fence, priority = s.priority, escalate_at = s.escalate_at,
      claimed_by = s.claimed_by, claimed_name = s.claimed_name, claimed_at = s.claimed_at,
      lease_until = s.lease_until, snoozed_until = s.snoozed_until,
      proposal = CASE WHEN json_typeof(s.proposal) = 'object' THEN s.proposal END, closed_at = s.closed_at
  FROM step s WHERE c.id = s.id AND c.seq = s.seq_before AND c.fence = s.fence_before AND c.state <> 'closed'
  RETURNING c.id, c.verification_id
), written AS (
  INSERT INTO review_events (case_id, seq, at, actor, person_id, kind, detail, evidence_hash, note_ct)
  SELECT moved.id, t.seq, t.at, t.actor, t.person_id, t.kind, t.detail, t.evidence_hash, $2
  FROM moved CROSS JOIN incoming CROSS JOIN LATERAL json_to_record(incoming.event)
    AS t (seq integer, at timestamptz, actor text, person_id uuid, kind text, detail json,
          evidence_hash text)
  WHERE json_typeof(incoming.event) = 'object'
), reviewed AS (
  INSERT INTO reviews (verification_id, n, case_id, app_id, outcome, reasons, note_ct, proposed_by,
                       proposed_name, approved_by, approved_name, evidence_hash, opened_at, claimed_at, at)
  SELECT moved.verification_id, t.n, moved.id, t.app_id, t.outcome,
         ARRAY(SELECT json_array_elements_text(t.reasons)), $3, t.proposed_by, t.proposed_name,
         t.approved_by, t.approved_name, t.evidence_hash, t.opened_at, t.claimed_at, t.at
  FROM moved CROSS JOIN incoming CROSS JOIN LATERAL json_to_record(incoming.review)
    AS t (n integer, app_id text, outcome text, reasons json, proposed_by uuid, proposed_name text,
          approved_by uuid, approved_name text, evidence_hash text, opened_at timestamptz,
          claimed_at timestamptz, at timestamptz)
  WHERE json_typeof(incoming.review) = 'object' AND t.approved_by IS DISTINCT FROM t.proposed_by
  RETURNING verification_id, outcome
), {concluded("reviewed")}, noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT moved.verification_id, incoming.timeline, incoming.timeline_detail
  FROM moved CROSS JOIN incoming WHERE incoming.timeline IS NOT NULL
)
SELECT id FROM moved
"""  # noqa: S608 - constants alone
