"""What the API takes and answers about identity, as pydantic models."""

import base64
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from domain.identity.numbers import LONGEST
from domain.identity.reading import LONGEST_REASON
from domain.model import Outcome, State
from domain.views.persons import FoundVerification, ShownPicture
from service.api.models.verifications import UtcTime

Reason = Annotated[
    str, Field(max_length=LONGEST_REASON, description="Why; it is in the audit", examples=["ticket 4711"])
]
Number = Annotated[SecretStr, Field(max_length=LONGEST, description="An ID number, however it is written")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReadBody(_Body):
    """Which fields to show, and why."""

    fields: list[Literal["name", "id_number", "images"]] = Field(min_length=1, max_length=3)
    reason: Reason


class ImageModel(BaseModel):
    """A picture of a result. `data`: its bytes in base64; null if the store of pictures has lost it."""

    name: str = Field(description="The vendor's", examples=["image_best", "image_idcard_front"])
    media_type: str = Field(examples=["image/jpeg"])
    data: str | None

    @classmethod
    def of(cls, picture: ShownPicture) -> "ImageModel":
        """The answer for a picture."""
        content = picture.content
        data = None if content is None else base64.b64encode(content).decode()
        return cls(name=picture.name, media_type=picture.media_type, data=data)


class ShownIdentityModel(BaseModel):
    """The fields that were asked for; null where there is nothing, or it is erased."""

    app_id: str
    biz_id: str
    name: str | None = Field(None, examples=["陈大文"])
    id_number: str | None = None
    images: list[ImageModel] | None = Field(None, description="null if they were not asked for")


class SearchBody(_Body):
    """An ID number of one app, and why it is searched."""

    app_id: str
    id_number: Number
    reason: Reason


class ExportBody(_Body):
    """An ID number, and why its person is exported; without `app_id`, from every app of the caller."""

    app_id: str | None = None
    id_number: Number
    reason: Reason


class FoundModel(BaseModel):
    """A verification with the ID number."""

    id: UUID
    app_id: str
    biz_id: str
    biz_no: str | None
    state: State
    outcome: Outcome | None
    effective_outcome: Outcome | None
    created_at: UtcTime

    @classmethod
    def of(cls, found: FoundVerification, *, is_blind: bool) -> "FoundModel":
        """The answer for a verification; `is_blind`: without what a person concluded."""
        seen = replace(found, effective_outcome=None) if is_blind else found
        return cls.model_validate(seen, from_attributes=True)


class FoundPage(BaseModel):
    """The newest 200 at most."""

    items: list[FoundModel]
    more: bool = Field(description="Whether there may be older ones")


class StoredDocumentModel(BaseModel):
    """What the vendor sent, or a reviewer wrote; `data` is null if it is erased."""

    kind: str = Field(examples=["notify", "return", "result", "note", "dead_letter"])
    at: UtcTime | None
    data: str | None


class StoredImageModel(BaseModel):
    """A picture that is stored. The field `images` of `POST …/identity` shows it."""

    name: str
    media_type: str
    size: int = Field(description="In bytes")


class ExportedModel(BaseModel):
    """Everything about one verification. `explanation`: as `GET …/explanation` answers, in both languages."""

    verification: FoundModel
    name: str | None
    id_number: str | None
    documents: list[StoredDocumentModel]
    images: list[StoredImageModel]
    explanation: dict[str, Any] | None
    timeline: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


class ExportModel(BaseModel):
    """Everything that is stored of one person in the caller's apps: the newest 200 verifications."""

    items: list[ExportedModel]
    more: bool = Field(description="Whether there may be older verifications, which are left out")
