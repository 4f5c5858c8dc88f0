"""Rows of `review_cases` and `review_events`, read and written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.model import Outcome
from domain.reviews.case import Because, CaseState, Claim, Priority, Proposal, ReviewCase
from domain.reviews.history import CaseEvent, Detail, Kind

COLUMNS: Final = """c.id, c.verification_id, c.app_id, c.opened_because, c.policy_hash, c.four_eyes,
  c.second_look, c.not_for, c.opened_at, c.due_at, c.priority, c.escalate_at, c.state, c.seq, c.fence,
  c.claimed_by, c.claimed_name, c.claimed_at, c.lease_until, c.snoozed_until,
  CAST(c.proposal AS text) AS proposal, c.closed_at"""
"""What `case_of` reads of `review_cases c`."""

EVENTS: Final = """
SELECT case_id, seq, at, actor, person_id, kind, CAST(detail AS text) AS detail, evidence_hash, note_ct
FROM review_events WHERE case_id = $1 ORDER BY seq
"""

_proposal = msgspec.json.Decoder(Proposal)
_detail = msgspec.json.Decoder(Detail)


class CaseRow(msgspec.Struct, frozen=True):
    """What a step writes of a case."""

    id: UUID
    seq_before: int
    fence_before: int
    state: CaseState
    seq: int
    fence: int
    priority: int
    escalate_at: datetime | None
    claimed_by: UUID | None
    claimed_name: str | None
    claimed_at: datetime | None
    lease_until: datetime | None
    snoozed_until: datetime | None
    proposal: Proposal | None
    closed_at: datetime | None


def case_of(row: Mapping[str, Any] | asyncpg.Record) -> ReviewCase:
    """The case in a row with `COLUMNS`."""
    proposal = row["proposal"]
    return ReviewCase(
        id=row["id"],
        verification_id=row["verification_id"],
        app_id=row["app_id"],
        because=Because(row["opened_because"]),
        policy_hash=row["policy_hash"],
        four_eyes=tuple(Outcome(each) for each in row["four_eyes"]),
        second_look=row["second_look"],
        not_for=tuple(row["not_for"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        priority=Priority(row["priority"]),
        escalate_at=row["escalate_at"],
        state=CaseState(row["state"]),
        seq=row["seq"],
        fence=row["fence"],
        claim=_claim_of(row),
        claimed_at=row["claimed_at"],
        snoozed_until=row["snoozed_until"],
        proposal=None if proposal is None else _proposal.decode(proposal),
        closed_at=row["closed_at"],
    )


def _claim_of(row: Mapping[str, Any] | asyncpg.Record) -> Claim | None:
    if row["claimed_by"] is None:
        return None
    return Claim(row["claimed_by"], row["claimed_name"], row["lease_until"])


def event_of(row: asyncpg.Record) -> CaseEvent:
    """The event in a row of `EVENTS`."""
    return CaseEvent(
        case_id=row["case_id"],
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        person_id=row["person_id"],
        kind=Kind(row["kind"]),
        detail=_detail.decode(row["detail"]),
        evidence_hash=row["evidence_hash"],
        has_note=row["note_ct"] is not None,
    )


def case_row(before: ReviewCase, after: ReviewCase) -> CaseRow:
    """The row of a step from one state of a case to the next."""
    claim = after.claim
    return CaseRow(
        id=after.id,
        seq_before=before.seq,
        fence_before=before.fence,
        state=after.state,
        seq=after.seq,
        fence=after.fence,
        priority=int(after.priority),
        escalate_at=after.escalate_at,
        claimed_by=None if claim is None else claim.person_id,
        claimed_name=None if claim is None else claim.name,
        claimed_at=after.claimed_at,
        lease_until=None if claim is None else claim.lease_until,
        snoozed_until=after.snoozed_until,
        proposal=after.proposal,
        closed_at=after.closed_at,
    )
