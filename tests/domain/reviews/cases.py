"""Cases and evidence of tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.evidence import Evidence
from domain.policy.explanation import StoredDecision
from domain.policy.reasons import Code, Reason
from domain.reviews.case import Because, ReviewCase, Reviewer
from domain.reviews.conclusion import Conclusion
from domain.reviews.evidence_hash import ShownEvidence
from domain.reviews.history import CaseEvent, Detail, Kind
from tests.support.payloads.callbacks import passing_facts

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LI_NA = Reviewer(UUID(int=1), "person:li.na")
WANG = Reviewer(UUID(int=2), "person:wang", may_approve=True)
CHEN = Reviewer(UUID(int=3), "person:chen", may_approve=True)
EVERYONE = (LI_NA, WANG, CHEN)
APPROVAL = Conclusion(Outcome.APPROVED, ("person.matches",), "seen at the counter")
REJECTION = Conclusion(Outcome.REJECTED, ("attack.confirmed",))


def a_case(**changes: Any) -> ReviewCase:
    """An open case that is due in four hours."""
    due = NOW + timedelta(hours=4)
    fields: dict[str, Any] = {
        "id": UUID(int=17),
        "verification_id": UUID(int=18),
        "app_id": "demo",
        "because": Because.DECISION,
        "policy_hash": "h",
        "opened_at": NOW,
        "due_at": due,
        "escalate_at": due,
    }
    return ReviewCase(**fields | changes)


def first_event(case: ReviewCase) -> CaseEvent:
    """The event that opened the case."""
    detail = Detail(because=case.because, priority=int(case.priority), until=case.escalate_at)
    return CaseEvent(
        case_id=case.id, seq=1, at=case.opened_at, actor="gateway:worker", kind=Kind.OPENED, detail=detail
    )


def shown() -> ShownEvidence:
    """The evidence of a decision `review`."""
    facts = passing_facts()
    decision = StoredDecision(
        outcome=Outcome.REVIEW,
        basis=Basis.CALLBACK,
        reasons=(Reason(Code.CONFIRMATION_UNAVAILABLE),),
        rules=(),
        disagreements=(),
        evidence=Evidence(facts, facts),
        mode=ConfirmationMode.REQUIRED,
    )
    return ShownEvidence(decision, "h")
