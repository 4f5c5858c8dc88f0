"""Answers about events, as pydantic models: what `domain.events.bodies.thin` makes, for the description."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.events.bodies import thin
from domain.events.catalogue import CATALOGUE
from domain.events.event import EventType
from domain.model import Basis, Outcome
from service.api.models.verifications import UtcTime

_EXAMPLE: dict[str, Any] = thin(CATALOGUE[EventType.REJECTED].example)


class EventPolicyModel(BaseModel):
    """The policy that decided."""

    name: str
    version: str
    hash: str = Field(description="SHA-256 of the policy's text, in hexadecimal")


class EventModel(BaseModel):
    """Something that happened, without identity. docs/reference/events.md has every type."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    seq: int = Field(description="Grows in the order in which events become visible, with gaps")
    id: UUID
    type: str = Field(description="docs/reference/events.md has every type; there may be new ones")
    at: UtcTime
    app_id: str | None = Field(description="null if it concerns every app")
    biz_id: str | None
    biz_no: str | None
    n: int | None = Field(description="Counts the events of one verification from 1")
    outcome: Outcome | None = Field(description="null before the decision")
    effective_outcome: Outcome | None
    reasons: list[str] = Field(description="Reason codes")
    basis: Basis | None
    policy: EventPolicyModel | None
    detail: dict[str, Any] = Field({}, description="What belongs to the type; absent if it has none")


class EventPageModel(BaseModel):
    items: list[EventModel]
    next: int = Field(description="Ask for what is behind it with `after`")
