"""Answers about policies and explanations, as pydantic models."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.model import Agreement, Basis, ConfirmationMode, DecidedBy, Outcome
from domain.policy.backtest import Comparison
from domain.policy.file.policy import FileProblem, Policy
from domain.views.decisions import Shadow
from service.api.models.verifications import UtcTime

MAX_POLICY_CHARACTERS = 16 * 1024
MAX_BACKTEST = 100_000
SHOWN_CHANGES = 100


class WordedReasonModel(BaseModel):
    code: str
    detail: str
    en: str
    zh: str


class RuleRunModel(BaseModel):
    rule: str
    verdict: str = Field(description="passed, ignored, review, reject or incomplete")
    reasons: list[WordedReasonModel]


class DisagreementModel(BaseModel):
    """A fact that differs between callback and result."""

    fact: str = Field(examples=["comparisons.result_faceid.confidence"])
    callback: Any
    result: Any


class PolicyTextModel(BaseModel):
    """The policy that decided; `text` is "" for a decision made before policies were files."""

    name: str
    version: str
    content_hash: str = Field(description="SHA-256 of the text, in hex")
    text: str


class PersonsReasonModel(BaseModel):
    code: str
    en: str
    zh: str


class ReviewModel(BaseModel):
    """The newest review. The audit has who concluded it."""

    n: int = Field(description="Counts the reviews of one verification from 1")
    case_id: UUID
    outcome: Outcome
    reasons: list[PersonsReasonModel]
    by_two: bool = Field(description="Whether a second person approved it")
    at: UtcTime


class FactsModel(BaseModel):
    """What callback and result said; null for the one that there was not. Never identity."""

    callback: dict[str, Any] | None
    result: dict[str, Any] | None


class RecomputedModel(BaseModel):
    """The decision computed again from the stored facts and the stored policy."""

    same: bool = Field(description="Whether every part of it equals the stored decision")
    outcome: Outcome


class ExplanationModel(BaseModel):
    """Everything there is to say about a decision, and the review that came after it."""

    app_id: str
    biz_id: str
    decided_at: UtcTime
    outcome: Outcome
    basis: Basis
    agreement: Agreement
    confirmation: ConfirmationMode = Field(description="The confirmation mode in force")
    unconfirmed: WordedReasonModel | None = Field(description="Why there was no result")
    disagreements: list[DisagreementModel]
    reasons: list[WordedReasonModel] = Field(description="Heaviest first")
    rules: list[RuleRunModel] = Field(description="Every rule that ran, in order")
    policy: PolicyTextModel
    facts: FactsModel
    recomputed: RecomputedModel | None = Field(description="null if the policy's text is not available")
    effective_outcome: Outcome | None = Field(
        description="The review's outcome, or `outcome` without one; null before a blind second look"
    )
    decided_by: DecidedBy | None = Field(description="null before a blind second look")
    review: ReviewModel | None = Field(description="null if no person has concluded")


class PolicyInForce(BaseModel):
    name: str
    version: str
    content_hash: str

    @classmethod
    def of(cls, policy: Policy) -> "PolicyInForce":
        """The answer for a policy of the book."""
        return cls(name=policy.name, version=policy.version, content_hash=policy.content_hash)


class PoliciesModel(BaseModel):
    items: list[PolicyInForce]


class FileProblemModel(BaseModel):
    file: str
    detail: str = Field(examples=["strict.toml:7: face.needd: unknown key, did you mean `need`?"])


class ReloadModel(BaseModel):
    """What is in force now, and the files that were refused; these keep their last good version."""

    items: list[PolicyInForce]
    problems: list[FileProblemModel]

    @classmethod
    def of(cls, policies: list[Policy], problems: list[FileProblem]) -> "ReloadModel":
        """The answer for a book that was read again."""
        return cls(
            items=[PolicyInForce.of(policy) for policy in policies],
            problems=[FileProblemModel(file=problem.file, detail=problem.detail) for problem in problems],
        )


class BacktestRequest(BaseModel):
    """A candidate, and which stored decisions to try it on: the newest `limit` from `since` on."""

    model_config = ConfigDict(extra="forbid")

    policy: str = Field(max_length=MAX_POLICY_CHARACTERS, description="The text of a policy file")
    app_id: str | None = None
    since: AwareDatetime | None = Field(None, description="Only decisions since this time")
    limit: int = Field(10_000, ge=1, le=MAX_BACKTEST)


class TransitionModel(BaseModel):
    before: Outcome
    after: Outcome
    verifications: int


class RatesModel(BaseModel):
    """Each outcome's share, 0 to 1."""

    before: dict[Outcome, float]
    after: dict[Outcome, float]


class ChangeModel(BaseModel):
    app_id: str
    biz_id: str
    before: Outcome
    after: Outcome
    reasons: list[str] = Field(description="Codes of the reasons for `after`")


class PolicyComparison(BaseModel):
    """Two policies on the same verifications; `changed` tells the newest of the `changes`."""

    model_config = ConfigDict(from_attributes=True)

    verifications: int
    changes: int
    transitions: list[TransitionModel]
    rates: RatesModel
    changed: list[ChangeModel]


class BacktestModel(PolicyComparison):
    """What was decided (before) against what the candidate makes of it (after)."""

    policy: PolicyInForce
    uncounted: int = Field(
        description="Verifications without a stored count of their ID number, if the candidate limits it"
    )

    @classmethod
    def of(cls, policy: Policy, comparison: Comparison) -> "BacktestModel":
        """The answer for a backtest that has run."""
        tree = {
            "policy": PolicyInForce.of(policy),
            "uncounted": comparison.uncounted,
            **_tree(comparison),
        }
        return cls.model_validate(tree, from_attributes=True)


class CandidateTextModel(BaseModel):
    """One text that ran under the candidate's name."""

    version: str
    content_hash: str
    verifications: int
    first_at: UtcTime
    last_at: UtcTime


class ShadowModel(PolicyComparison):
    """Live (before) against candidate (after) so far, over all `texts` of its name, last used first."""

    name: str
    first_at: UtcTime | None
    last_at: UtcTime | None
    texts: list[CandidateTextModel]

    @classmethod
    def of(cls, name: str, shadow: Shadow) -> "ShadowModel":
        """The answer for a comparison of the store."""
        tree = {
            "name": name,
            "first_at": min((text.first_at for text in shadow.texts), default=None),
            "last_at": max((text.last_at for text in shadow.texts), default=None),
            "texts": shadow.texts,
            **_tree(shadow.comparison),
        }
        return cls.model_validate(tree, from_attributes=True)


def _tree(comparison: Comparison) -> dict[str, Any]:
    return {
        "verifications": comparison.verifications,
        "changes": comparison.changes,
        "transitions": comparison.transitions,
        "rates": {"before": comparison.before, "after": comparison.after},
        "changed": comparison.changed,
    }
