"""What the API takes and answers about erasures, as pydantic models."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.identity.erasure import LONGEST_REASON, ErasureView, Hold, Receipt
from service.api.models.verifications import EXAMPLE, UtcTime
from usecases.identity.erase_person import PersonEnd

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)]

_RECEIPT: dict[str, Any] = {
    "verification_id": "2d1f8f34-8c2f-5b0e-9a3e-0a6f1d1f3c55",
    "app_id": EXAMPLE["app_id"],
    "biz_id": EXAMPLE["biz_id"],
    "erased_at": "2016-06-01T09:00:00.000Z",
    "because": "request",
    "position": 17,
    "places": {
        "data_key": 1,
        "identity": 1,
        "callbacks": 2,
        "results": 1,
        "id_numbers": 1,
        "dead_letters": 0,
    },
    "key_id": "a1b2c3d4e5f60718",
    "signature": "5d" * 32,
}


class ReasonBody(BaseModel):
    """Why. It is kept in the audit: no name and no ID number belongs in it."""

    model_config = ConfigDict(extra="forbid")

    reason: Why


class ReceiptModel(BaseModel):
    """The proof of an erasure, signed with a key that is derived from the master key."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RECEIPT]})

    verification_id: UUID
    app_id: str
    biz_id: str
    erased_at: UtcTime
    because: str = Field(description="`request`, `person` or `ledger`")
    position: int = Field(description="In the erasure ledger")
    places: dict[str, int] = Field(description="What went, by place")
    key_id: str = Field(description="The master key that the signature comes from")
    signature: str = Field(description="HMAC-SHA256, in hexadecimal")

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptModel":
        """The answer for a receipt."""
        return cls(
            verification_id=receipt.verification_id,
            app_id=receipt.app_id,
            biz_id=receipt.biz_id,
            erased_at=receipt.erased_at,
            because=receipt.because,
            position=receipt.position,
            places=dict(receipt.places),
            key_id=receipt.key_id,
            signature=receipt.signature,
        )


class HoldModel(BaseModel):
    """A legal hold."""

    reason: str
    placed_by: str = Field(examples=["person:li.na"])
    placed_at: UtcTime

    @classmethod
    def of(cls, hold: Hold) -> "HoldModel":
        """The answer for a hold."""
        return cls(reason=hold.reason, placed_by=hold.placed_by, placed_at=hold.placed_at)


class PlaceModel(BaseModel):
    """A place and the number of things of this verification in it that can still be read."""

    place: str
    count: int


class ErasureModel(BaseModel):
    """What is kept of a verification's identity, and where."""

    places: list[PlaceModel]
    hold: HoldModel | None = Field(description="null if it is not held")
    erased_at: UtcTime | None = Field(description="null if it is not erased")
    begun_at: UtcTime | None = Field(description="An erasure that a worker completes; null if there is none")
    receipt: ReceiptModel | None = Field(description="null without an erasure on request")

    @classmethod
    def of(cls, view: ErasureView) -> "ErasureModel":
        """The answer for what the store knows."""
        return cls(
            places=[PlaceModel(place=each.place, count=each.count) for each in view.places],
            hold=view.hold and HoldModel.of(view.hold),
            erased_at=view.erased_at,
            begun_at=view.begun_at,
            receipt=view.receipt and ReceiptModel.of(view.receipt),
        )


class PersonEndModel(BaseModel):
    """What became of one verification."""

    biz_id: str
    receipt: ReceiptModel | None = Field(description="null if a legal hold is on it: it stays")


class PersonErasureModel(BaseModel):
    """What became of a person's verifications, newest first."""

    items: list[PersonEndModel]
    more: bool = Field(description="Whether there may be more: ask again")

    @classmethod
    def of(cls, ends: Sequence[PersonEnd], *, more: bool) -> "PersonErasureModel":
        """The answer for what was done."""
        items = [
            PersonEndModel(biz_id=end.biz_id, receipt=end.receipt and ReceiptModel.of(end.receipt))
            for end in ends
        ]
        return cls(items=items, more=more)
