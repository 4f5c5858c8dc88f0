"""The outcome of a verification that counts, and whose it is."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.model import DecidedBy
from domain.views.verifications import VerificationRecord


def record(**changes: Any) -> VerificationRecord:
    """A verification of which nothing is known but its ids."""
    nothing: dict[str, Any] = dict.fromkeys(VerificationRecord.__struct_fields__)
    fields = {
        "id": UUID(int=1),
        "app_id": "demo",
        "biz_id": "1700000000,a",
        "state": "created",
        "reasons": [],
        "pulls_used": 0,
        "held": False,
        "created_at": datetime(2026, 11, 28, tzinfo=UTC),
    }
    return VerificationRecord(**nothing | fields | changes)


@pytest.mark.parametrize(
    ("outcome", "concluded", "effective", "decided_by"),
    [
        (None, None, None, None),
        ("review", None, "review", DecidedBy.POLICY),
        ("review", "approved", "approved", DecidedBy.PERSON),
        ("approved", "rejected", "rejected", DecidedBy.PERSON),
        ("approved", "approved", "approved", DecidedBy.PERSON),
    ],
)
def test_a_persons_conclusion_counts_over_the_decision(
    outcome: str | None, concluded: str | None, effective: str | None, decided_by: DecidedBy | None
) -> None:
    found = record(outcome=outcome, concluded=concluded)
    assert (found.effective_outcome, found.decided_by) == (effective, decided_by)


def test_a_conclusion_leaves_the_decision_as_it_was() -> None:
    decided = record(outcome="review")
    concluded = msgspec.structs.replace(decided, concluded="approved")
    assert (concluded.outcome, decided.effective_outcome) == ("review", "review")
