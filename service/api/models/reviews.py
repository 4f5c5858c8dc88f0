"""What the API answers about reviews, as pydantic models."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from domain.model import Basis, ConfirmationMode, Outcome
from domain.policy.explanation import in_words
from domain.reviews.case import Because, CaseState, Claim, ReviewCase, Shown
from domain.reviews.evidence_hash import ShownEvidence
from domain.reviews.history import Kind
from domain.views.reviews import CaseView, ListedCase, NotedEvent, Opened
from service.api.models.policies import DisagreementModel, FactsModel, RuleRunModel, WordedReasonModel
from service.api.models.verifications import PolicyModel, UtcTime
from usecases.reviews.bulk import BulkResult

PriorityWord = Literal["low", "normal", "high", "urgent"]


class ClaimModel(BaseModel):
    """Who works on the case, and until when without a renewal."""

    by: str = Field(examples=["person:li.na"])
    lease_until: UtcTime

    @classmethod
    def of(cls, claim: Claim) -> "ClaimModel":
        """The answer for a claim."""
        return cls(by=claim.name, lease_until=claim.lease_until)


class ProposalModel(BaseModel):
    """A conclusion that another person must approve."""

    by: str
    outcome: Outcome
    reasons: list[str]


class CaseModel(BaseModel):
    """A case without its evidence."""

    id: UUID
    app_id: str
    because: Because = Field(description="Why it was opened")
    state: Shown
    priority: PriorityWord
    opened_at: UtcTime
    due_at: UtcTime = Field(description="The time limit of the policy")
    overdue: bool
    fence: int = Field(description="The number of the newest claim; name it to be sure that it is yours")
    claim: ClaimModel | None
    snoozed_until: UtcTime | None
    proposal: ProposalModel | None
    closed_at: UtcTime | None

    @classmethod
    def of(cls, case: ReviewCase, now: datetime) -> "CaseModel":
        """The answer for a case."""
        return cls(**_members(case, now))


class ListedCaseModel(CaseModel):
    """A case in a list."""

    biz_id: str
    biz_no: str | None
    outcome: Outcome = Field(description="The policy's")
    codes: list[str] = Field(description="The policy's reasons")

    @classmethod
    def listed(cls, listed: ListedCase, now: datetime) -> "ListedCaseModel":
        """The answer for a case of a list."""
        return cls(**_members(listed.case, now), **_ids(listed))


class CasePage(BaseModel):
    items: list[ListedCaseModel]
    next_cursor: str | None


class DocumentModel(BaseModel):
    """What arrived: a callback by the SHA-256 of its bytes, or a call of get_result by its number."""

    kind: str = Field(examples=["notify", "return", "result"])
    digest: str
    at: UtcTime
    state: str


class EarlierReviewModel(BaseModel):
    n: int
    outcome: Outcome
    reasons: list[str]
    proposed_by: str
    approved_by: str | None
    at: UtcTime


class EvidenceModel(BaseModel):
    """What the person decides on; the hash is over exactly this."""

    outcome: Outcome
    basis: Basis
    confirmation: ConfirmationMode
    reasons: list[WordedReasonModel]
    rules: list[RuleRunModel]
    disagreements: list[DisagreementModel]
    unconfirmed: WordedReasonModel | None
    facts: FactsModel
    documents: list[DocumentModel]
    reviews: list[EarlierReviewModel]

    @classmethod
    def of(cls, evidence: ShownEvidence) -> "EvidenceModel":
        """The answer for the evidence of a case."""
        decision, facts = evidence.decision, evidence.decision.evidence
        return cls.model_validate(
            {
                "outcome": decision.outcome,
                "basis": decision.basis,
                "confirmation": decision.mode,
                "reasons": [in_words(reason) for reason in decision.reasons],
                "rules": [
                    {
                        "rule": run.rule,
                        "verdict": run.verdict,
                        "reasons": [in_words(reason) for reason in run.reasons],
                    }
                    for run in decision.rules
                ],
                "disagreements": msgspec.to_builtins(decision.disagreements),
                "unconfirmed": None if facts.unconfirmed is None else in_words(facts.unconfirmed),
                "facts": msgspec.to_builtins({"callback": facts.callback, "result": facts.result}),
                "documents": msgspec.to_builtins(evidence.documents),
                "reviews": msgspec.to_builtins(evidence.reviews),
            }
        )


class CaseEventModel(BaseModel):
    """Something that happened to the case. `note`: what the person wrote, null if it cannot be opened."""

    seq: int
    at: UtcTime
    by: str
    kind: Kind
    detail: dict[str, Any]
    note: str | None

    @classmethod
    def of(cls, noted: NotedEvent) -> "CaseEventModel":
        """The answer for an event."""
        event = noted.event
        detail = msgspec.to_builtins(event.detail)
        return cls(
            seq=event.seq, at=event.at, by=event.actor, kind=event.kind, detail=detail, note=noted.note
        )


class CaseViewModel(ListedCaseModel):
    """A case with everything that a person sees of it."""

    policy: PolicyModel
    evidence: EvidenceModel
    evidence_hash: str = Field(description="Goes back with a conclusion or an approval")
    events: list[CaseEventModel]

    @classmethod
    def view(cls, view: CaseView, now: datetime) -> "CaseViewModel":
        """The answer for a case and its evidence."""
        return cls(
            **_members(view.listed.case, now),
            **_ids(view.listed),
            policy=PolicyModel(name=view.policy_name, version=view.policy_version),
            evidence=EvidenceModel.of(view.evidence),
            evidence_hash=view.evidence_hash,
            events=[CaseEventModel.of(each) for each in view.events],
        )


class BulkModel(BaseModel):
    """`count`: the cases that have not ended. `done`, `refused` (by code): null in a dry run."""

    count: int
    done: int | None = None
    refused: dict[str, int] | None = None

    @classmethod
    def of(cls, result: BulkResult) -> "BulkModel":
        """The answer for cases that were ended."""
        return cls(count=result.done + sum(result.refused.values()), done=result.done, refused=result.refused)


class OpenedModel(BaseModel):
    """The verification's open case. `is_new`: there was none before."""

    case_id: UUID
    app_id: str
    because: Because
    priority: PriorityWord
    is_new: bool

    @classmethod
    def of(cls, opened: Opened) -> "OpenedModel":
        """The answer for a case that someone asked for."""
        return cls.model_validate(msgspec.structs.asdict(opened) | {"priority": opened.priority.word})


def _members(case: ReviewCase, now: datetime) -> dict[str, Any]:
    claim = case.claimed_at_time(now)
    proposal = None if case.state is CaseState.CLOSED else case.proposal
    return {
        "id": case.id,
        "app_id": case.app_id,
        "because": case.because,
        "state": case.shown_state(now),
        "priority": case.priority.word,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "overdue": case.is_overdue(now),
        "fence": case.fence,
        "claim": None if claim is None else ClaimModel.of(claim),
        "snoozed_until": case.snoozed_until,
        "proposal": proposal
        and ProposalModel(by=proposal.name, outcome=proposal.outcome, reasons=list(proposal.reasons)),
        "closed_at": case.closed_at,
    }


def _ids(listed: ListedCase) -> dict[str, Any]:
    return {
        "biz_id": listed.biz_id,
        "biz_no": listed.biz_no,
        "outcome": listed.outcome,
        "codes": list(listed.codes),
    }
