"""Answers about the audit, as pydantic models."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.audit.row import StoredRow
from service.api.models.verifications import UtcTime


class AuditQuery(BaseModel):
    """The filters and the page of a list."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = Field(None, max_length=200, examples=["person:li.na", "token:orders"])
    action: str | None = Field(None, max_length=100, examples=["endpoint.changed"])
    subject: str | None = Field(None, max_length=2000)
    since: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


class AuditRowModel(BaseModel):
    """Who did what, to what, and why."""

    id: int
    at: UtcTime
    app_id: str | None = Field(description="null if it concerns every app")
    actor: str = Field(examples=["person:li.na", "token:orders", "command:root"])
    person_id: UUID | None
    address: str | None = Field(description="The IP address of the caller")
    action: str
    subject: str | None
    reason: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: StoredRow) -> "AuditRowModel":
        """The answer for a row of the store."""
        return cls.model_validate(row, from_attributes=True)


class AuditPageModel(BaseModel):
    items: list[AuditRowModel]
    next_cursor: str | None = Field(description="null on the last page; any other page may be short")
