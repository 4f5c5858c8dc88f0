"""What a person sees of a case, and a hash over exactly that.

The hash has a part for each part of the evidence, so that two hashes tell what changed.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from domain.model import Outcome
from domain.policy.explanation import StoredDecision

_FORMAT: Final = "1"
_LENGTH: Final = 32
"""Hexadecimal digits of a part: 128 bits of its SHA-256."""


class Document(msgspec.Struct, frozen=True):
    """Something that arrived: a callback by the SHA-256 of its bytes, or a call of get_result by its number
    and end. `kind`: `notify`, `return` or `result`."""

    kind: str
    digest: str
    at: datetime
    state: str = ""


class EarlierReview(msgspec.Struct, frozen=True):
    """A review that was concluded before. `approved_by` is None if one person was enough."""

    n: int
    outcome: Outcome
    reasons: tuple[str, ...]
    proposed_by: str
    approved_by: str | None
    at: datetime


class ShownEvidence(msgspec.Struct, frozen=True):
    """The evidence of a case: the decision with the facts of both sides, its policy, what arrived, the
    earlier reviews, and what is proposed now."""

    decision: StoredDecision
    policy_hash: str
    documents: tuple[Document, ...] = ()
    reviews: tuple[EarlierReview, ...] = ()
    proposal: tuple[str, tuple[str, ...]] | None = None


def evidence_hash(evidence: ShownEvidence) -> str:
    """A hash over the evidence in a canonical form, independent of the order in which it was read."""
    return "-".join([_FORMAT, *(_digest(part) for part in _parts(evidence).values())])


def changed_parts(shown: str, evidence: ShownEvidence) -> tuple[str, ...]:
    """The parts that differ between a hash and the evidence now, none if it is the same; all parts if the
    hash is not one of ours."""
    parts = list(_parts(evidence))
    before, after = shown.split("-"), evidence_hash(evidence).split("-")
    if len(before) != len(after) or before[0] != after[0]:
        return tuple(parts)
    return tuple(name for name, old, new in zip(parts, before[1:], after[1:], strict=True) if old != new)


def _parts(evidence: ShownEvidence) -> Mapping[str, Any]:
    decision, facts = evidence.decision, evidence.decision.evidence
    return {
        "facts": [facts.callback, facts.result],
        "reasons": [
            decision.outcome,
            decision.basis,
            decision.reasons,
            decision.rules,
            decision.disagreements,
            decision.mode,
            facts.unconfirmed,
        ],
        "policy": evidence.policy_hash,
        "documents": sorted(msgspec.json.encode(each) for each in evidence.documents),
        "reviews": [sorted(evidence.reviews, key=lambda review: review.n), evidence.proposal],
    }


def _digest(part: object) -> str:
    return sha256(msgspec.json.encode(part, order="deterministic")).hexdigest()[:_LENGTH]
