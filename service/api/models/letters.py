"""Requests and answers about dead letters, as pydantic models."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.views.letters import DeadLetter
from service.api.models.verifications import UtcTime
from usecases.requests.retry_dead_letters import Retried


class DeadLetterModel(BaseModel):
    """A genuine callback that could not be understood or processed; its content stays encrypted."""

    id: UUID
    app_id: str
    kind: str
    reason: str = Field(examples=["missing_biz_id", "bad_biz_id", "processing_failed"])
    detail: str
    attempts: int
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    retried_at: UtcTime | None = Field(description="When its callback was put back into the inbox")

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterModel":
        """The answer for a dead letter of the store."""
        return cls.model_validate(letter, from_attributes=True)


class DeadLetterPage(BaseModel):
    items: list[DeadLetterModel]
    next_cursor: str | None = Field(description="null on the last page")


class BulkRetry(BaseModel):
    """Selects the letters to retry: by reason, and by app (default: all the caller's apps)."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(examples=["processing_failed"])
    app_id: str | None = None
    limit: int = Field(100, ge=1, le=1000)


class RetriedModel(BaseModel):
    """`remaining` letters with the reason still wait, those among it that no configured master key opens."""

    retried: int
    unreadable: int
    remaining: int

    @classmethod
    def of(cls, done: Retried) -> "RetriedModel":
        """The answer for a bulk retry."""
        return cls.model_validate(done, from_attributes=True)
