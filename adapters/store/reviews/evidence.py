"""The evidence of a case, in one statement."""

from typing import Final

import asyncpg
import msgspec

from adapters.store.decisions.stored_decisions import DecisionTexts, stored_decision
from domain.model import Outcome
from domain.reviews.case import Because, ReviewCase
from domain.reviews.evidence_hash import Document, EarlierReview, ShownEvidence

_documents = msgspec.json.Decoder(tuple[Document, ...])
_reviews = msgspec.json.Decoder(tuple[EarlierReview, ...])


class StoredEvidence(msgspec.Struct, frozen=True):
    """The evidence, with what belongs to its verification. `counts`: the outcome that counts now."""

    evidence: ShownEvidence
    biz_id: str
    biz_no: str | None
    counts: Outcome
    wrapped_key: bytes | None
    policy_name: str
    policy_version: str


async def read_evidence(connection: asyncpg.Connection, case: ReviewCase) -> StoredEvidence:
    """What the case is about, as it is now. A second look sees no earlier review and no proposal."""
    row = await connection.fetchrow(_EVIDENCE, case.verification_id)
    assert row is not None  # noqa: S101 - a case is of a decided verification
    blind = case.because is Because.SECOND_LOOK
    proposal = (
        None if case.proposal is None or blind else (case.proposal.outcome.value, case.proposal.reasons)
    )
    evidence = ShownEvidence(
        decision=stored_decision(DecisionTexts(*row[:9])),
        policy_hash=row["policy_hash"],
        documents=_documents.decode(row["documents"]),
        reviews=() if blind else _reviews.decode(row["reviews"]),
        proposal=proposal,
    )
    return StoredEvidence(
        evidence=evidence,
        biz_id=row["biz_id"],
        biz_no=row["biz_no"],
        counts=Outcome(row["effective_outcome"] or row["outcome"]),
        wrapped_key=row["wrapped_key"],
        policy_name=row["policy_name"],
        policy_version=row["policy_version"],
    )


def _utc(column: str) -> str:
    """SQL of a time as text, whatever the session's time zone."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at"""


def _listed(rows: str) -> str:
    return f"CAST(COALESCE((SELECT json_agg(each) FROM ({rows}) AS each), '[]') AS text)"  # noqa: S608


_CALLBACKS: Final = f"""
  SELECT kind, encode(digest, 'hex') AS digest, {_utc("received_at")}, '' AS state
  FROM callbacks WHERE verification_id = v.id"""  # noqa: S608 - constants alone

_CALLS: Final = f"""
  SELECT 'result', CAST(n AS text), {_utc("COALESCE(finished_at, started_at)")}, concat_ws(' ', state, error)
  FROM pulls WHERE verification_id = v.id AND state <> 'not_sent'"""  # noqa: S608 - constants alone

_REVIEWS: Final = f"""
  SELECT n, outcome, reasons, proposed_name AS proposed_by, approved_name AS approved_by, {_utc("at")}
  FROM reviews WHERE verification_id = v.id"""  # noqa: S608 - constants alone

_EVIDENCE: Final = f"""
SELECT d.outcome, d.basis, d.mode, CAST(d.reasons AS text), CAST(d.rules AS text),
       CAST(d.disagreements AS text), CAST(d.unconfirmed AS text), CAST(d.callback_facts AS text),
       CAST(d.result_facts AS text),
       d.policy_hash, p.name AS policy_name, p.version AS policy_version,
       v.biz_id, v.biz_no, v.effective_outcome, v.wrapped_key,
       {_listed(f"{_CALLBACKS} UNION ALL {_CALLS}")} AS documents, {_listed(_REVIEWS)} AS reviews
FROM verifications v JOIN decisions d ON d.verification_id = v.id
JOIN policies p ON p.content_hash = d.policy_hash
WHERE v.id = $1
"""  # noqa: S608 - constants alone
