"""What the API takes and answers about deliveries, as pydantic models."""

from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.events.webhooks.delivery import Attempt, DeliveryState
from domain.events.webhooks.verdict import is_success
from domain.events.webhooks.way import Fault
from domain.views.deliveries import DeliveryView, DeliveryWithAttempts, Restarted
from service.api.models.verifications import UtcTime

_ENDED_BEFORE: Final = "That of the first answer, for the rest: what has ended since then stays as it is"


class DeliveryModel(BaseModel):
    """One event on its way to one endpoint."""

    id: UUID
    endpoint_id: UUID
    app_id: str
    event_id: UUID = Field(description="The `webhook-id` of every attempt")
    type: str = Field(examples=["verification.approved"])
    seq: int
    n: int | None
    state: DeliveryState
    due_at: UtcTime | None = Field(description="When it is sent next; null if it has ended")
    attempts: int
    error: str | None = Field(
        description="Of the last attempt, or why it ended without one",
        examples=["status_500", "timeout", "endpoint_disabled", "unsubscribed"],
    )
    created_at: UtcTime
    ended_at: UtcTime | None

    @classmethod
    def of(cls, delivery: DeliveryView) -> "DeliveryModel":
        """The answer for a delivery of the store."""
        return cls.model_validate(delivery, from_attributes=True)


class AttemptModel(BaseModel):
    """One request to the receiver."""

    k: int = Field(description="Counts from 1")
    at: UtcTime
    ms: int
    delivered: bool
    status: int | None
    fault: Fault | None = Field(description="On whose side it failed; only `receiver` counts against it")
    error: str | None = Field(examples=["timeout", "status_500", "dns"])
    answer: str = Field(description="The first 2 KiB of the answer")

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptModel":
        """The answer for an attempt of the store."""
        return cls(
            k=attempt.k,
            at=attempt.at,
            ms=attempt.ms,
            delivered=is_success(attempt.status),
            status=attempt.status,
            fault=attempt.fault,
            error=attempt.error,
            answer=attempt.answer.decode("utf-8", "replace"),
        )


class DeliveryWithAttemptsModel(DeliveryModel):
    """A delivery with each attempt of the last 30 days, oldest first."""

    made: list[AttemptModel]

    @classmethod
    def with_attempts(cls, found: DeliveryWithAttempts) -> "DeliveryWithAttemptsModel":
        """The answer for a delivery with its attempts."""
        shown = DeliveryModel.of(found.delivery).model_dump()
        return cls(**shown, made=[AttemptModel.of(each) for each in found.attempts])


class DeliveryPage(BaseModel):
    items: list[DeliveryModel]
    next_cursor: str | None = Field(description="null on the last page")


class BulkRedelivery(BaseModel):
    """Which ended deliveries to send again. `dry_run` counts them; send `false` to send them."""

    model_config = ConfigDict(extra="forbid")

    endpoint_id: UUID | None = None
    app_id: str | None = None
    state: DeliveryState = DeliveryState.FAILED
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    ended_before: AwareDatetime | None = Field(None, description=_ENDED_BEFORE)
    dry_run: bool = True


class Recovery(BaseModel):
    """From when on events are delivered that the endpoint did not get."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime
    ended_before: AwareDatetime | None = Field(None, description=_ENDED_BEFORE)


class RestartedModel(BaseModel):
    """`more`: the limit of one call is reached; send it again with this `ended_before` for the rest."""

    count: int
    more: bool
    ended_before: UtcTime = Field(description="The time of this call, or the `ended_before` that it had")
    dry_run: bool = False

    @classmethod
    def of(cls, done: Restarted, *, dry_run: bool = False) -> "RestartedModel":
        """The answer for a redelivery or a recovery."""
        return cls(count=done.count, more=done.more, ended_before=done.ended_before, dry_run=dry_run)
