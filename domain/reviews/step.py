"""A step of a case: what it is decided on, and what becomes of the case."""

from collections.abc import Callable

import msgspec

from domain.model import Outcome
from domain.reviews.case import ReviewCase
from domain.reviews.evidence_hash import ShownEvidence
from domain.reviews.history import CaseEvent


class Seen(msgspec.Struct, frozen=True):
    """What a change is decided on, under the locks. `first`: the outcome that counts now."""

    case: ReviewCase
    evidence: ShownEvidence
    evidence_hash: str
    first: Outcome


class Step(msgspec.Struct, frozen=True):
    """What becomes of a case: `event`, with its note as plain text; without one, `case` is stored as it is,
    for a renewed claim."""

    case: ReviewCase
    event: CaseEvent | None = None
    note: str | None = None
    second_look: bool = False


Decide = Callable[[Seen], Step | None]
"""The next step; None leaves the case as it is. What it raises ends the transaction without a change."""
