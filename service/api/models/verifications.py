"""Answers about verifications, as pydantic models: the contract with client programs."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from domain.events.times import utc_text
from domain.model import Basis, DecidedBy, Outcome, State
from domain.pulls.budget import PULL_LIMIT
from domain.views.verifications import TimelineEvent, VerificationRecord

UtcTime = Annotated[AwareDatetime, PlainSerializer(utc_text, return_type=str)]

EXAMPLE: dict[str, Any] = {
    "app_id": "demo",
    "biz_id": "1462259748,52b13fb5-8dfb-4537-a62b-a641d5e929f1",
    "biz_no": "cc47190f-5502-44a2-ab74-ea4f0f649f61",
    "state": "decided",
    "outcome": "rejected",
    "effective_outcome": "rejected",
    "decided_by": "policy",
    "reasons": [{"code": "attack.synthetic_face", "detail": "0.88 > 0.5"}],
    "basis": "confirmed",
    "policy": {"name": "default", "version": "1"},
    "vendor_status": "OK",
    "comparisons": {
        "result_faceid": {
            "confidence": 68.918,
            "thresholds": {"1e-3": 64, "1e-4": 69, "1e-5": 74, "1e-6": 79.9},
            "level": "1e-3",
        }
    },
    "identity": {"name": "陈**", "id_number": "x****************x"},
    "pulls": {"used": 1, "limit": 3, "until": "2016-05-04T07:16:03.000Z"},
    "registered": {"at": "2016-05-03T07:14:19.102Z", "expires_at": "2016-05-03T08:04:21.000Z"},
    "held": False,
    "review": {"case_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "state": "open"},
    "received_at": "2016-05-03T07:16:03.000Z",
    "decided_at": "2016-05-03T07:16:03.041Z",
    "created_at": "2016-05-03T07:14:19.108Z",
    "erased_at": None,
}


class ReasonModel(BaseModel):
    code: str
    detail: str


class PolicyModel(BaseModel):
    name: str
    version: str


class ComparisonModel(BaseModel):
    confidence: float
    thresholds: dict[str, float]
    level: str | None = Field(description="The strictest false-accept level that the confidence reaches")


class IdentityModel(BaseModel):
    """Masked: the first character of the name, the first and last of the number."""

    name: str | None
    id_number: str | None


class PullsModel(BaseModel):
    """get_result calls: used, allowed, and until when the vendor keeps the result."""

    used: int
    limit: int
    until: UtcTime | None


class RegisteredModel(BaseModel):
    """Since when it is known, and until when its token is good."""

    at: UtcTime
    expires_at: UtcTime


class ReviewMarkModel(BaseModel):
    """The newest review case."""

    case_id: UUID
    state: str = Field(description="`open`, `claimed`, `snoozed`, `proposed` or `closed`")


class VerificationModel(BaseModel):
    """One run of one user through the flow."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    app_id: str
    biz_id: str
    biz_no: str | None
    state: State
    outcome: Outcome | None = Field(description="The policy's; null until decided; never changes")
    effective_outcome: Outcome | None = Field(
        description="The one to act on: a person's if a review was concluded, else `outcome`; null for a "
        "person for whom a blind second look waits"
    )
    decided_by: DecidedBy | None = Field(description="Whose the effective outcome is; null until decided")
    reasons: list[ReasonModel]
    basis: Basis | None
    policy: PolicyModel | None
    vendor_status: str | None
    comparisons: dict[str, ComparisonModel]
    identity: IdentityModel | None
    pulls: PullsModel
    registered: RegisteredModel | None = Field(description="null if it is not registered")
    held: bool = Field(description="Accepted but not decided: the app requires registration first")
    review: ReviewMarkModel | None = Field(description="null if no person was asked")
    received_at: UtcTime | None
    decided_at: UtcTime | None = Field(description="When the policy decided")
    created_at: UtcTime
    erased_at: UtcTime | None = Field(description="When its identity was erased; null if it was not")

    @classmethod
    def of(cls, record: VerificationRecord) -> "VerificationModel":
        """The answer for a record of the store."""
        policy = record.policy_name and {"name": record.policy_name, "version": record.policy_version}
        identity = record.identity and {
            "name": record.identity.name,
            "id_number": record.identity.id_number,
        }
        return cls.model_validate(
            {
                "app_id": record.app_id,
                "biz_id": record.biz_id,
                "biz_no": record.biz_no,
                "state": record.state,
                "outcome": record.outcome,
                "effective_outcome": record.effective_outcome,
                "decided_by": record.decided_by,
                "reasons": record.reasons,
                "basis": record.basis,
                "policy": policy,
                "vendor_status": record.vendor_status,
                "comparisons": (record.facts or {}).get("comparisons", {}),
                "identity": identity,
                "pulls": {
                    "used": record.pulls_used,
                    "limit": PULL_LIMIT,
                    "until": record.pulls_until,
                },
                "registered": record.registered_at
                and {"at": record.registered_at, "expires_at": record.expires_at},
                "held": record.held,
                "review": record.review and msgspec.structs.asdict(record.review),
                "received_at": record.received_at,
                "decided_at": record.decided_at,
                "created_at": record.created_at,
                "erased_at": record.erased_at,
            }
        )


class VerificationPage(BaseModel):
    items: list[VerificationModel]
    next_cursor: str | None = Field(description="null on the last page")


class TimelineEventModel(BaseModel):
    at: UtcTime
    event: str = Field(
        description="A stable word; docs/operations.md lists them all",
        examples=["verification.registered", "callback.received", "pull.finished", "decision.saved"],
    )
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: TimelineEvent) -> "TimelineEventModel":
        """The answer for an event of the store."""
        return cls(at=event.at, event=event.event, detail=event.detail)


class TimelineModel(BaseModel):
    items: list[TimelineEventModel]


class Accepted(BaseModel):
    status: str = "accepted"


class Problem(BaseModel):
    """RFC 9457; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
