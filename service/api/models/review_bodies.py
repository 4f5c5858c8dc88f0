"""What the API takes about reviews, as pydantic models."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.reviews.conclusion import LONGEST_BULK, LONGEST_NOTE

Reasons = Annotated[list[str], Field(min_length=1, max_length=20)]
Note = Annotated[str | None, Field(max_length=LONGEST_NOTE)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _OfClaim(_Body):
    fence: int | None = Field(None, description="Of the claim; another claim since then is `lease_lost`")


class ReleaseBody(_OfClaim):
    """Which claim to give back."""


class SnoozeBody(_OfClaim):
    """Until when nobody gets the case, at most 30 days ahead."""

    until: AwareDatetime
    note: Note = None


class ConclusionBody(_OfClaim):
    """A conclusion. An approval needs a note."""

    outcome: Literal["approved", "rejected", "incomplete"]
    reasons: Reasons = Field(examples=[["person.matches"]])
    note: Note = None
    evidence_hash: str = Field(max_length=256)


class ApprovalBody(_OfClaim):
    evidence_hash: str = Field(max_length=256)


class ReturnBody(_OfClaim):
    note: Note = None


class CloseBody(_OfClaim):
    """Why the case ends without a conclusion."""

    reasons: Reasons = Field(examples=[["duplicate"]])
    note: Note = None


class BulkBody(_Body):
    """Cases to reject, or to close without a conclusion, for the same reasons.

    With `dry_run` they are counted; the same request with that count as `expected` ends them.
    """

    case_ids: list[UUID] = Field(min_length=1, max_length=LONGEST_BULK)
    outcome: Literal["rejected"] | None = Field(None, description="null closes them without a conclusion")
    reasons: Reasons
    dry_run: bool = True
    expected: int | None = None


class AppealBody(_Body):
    """Why the user objects, or why a person must look. It is kept like a note: encrypted."""

    reason: str = Field(min_length=1, max_length=LONGEST_NOTE)
