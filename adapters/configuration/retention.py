"""The table `[apps.ID.retention]`."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.identity.retention import Retention


class RetentionSettings(BaseModel):
    """Days until data is erased or deleted by age."""

    model_config = ConfigDict(extra="forbid")

    raw_days: int = Field(7, ge=1, le=3650)
    identity_days: int = Field(90, ge=1, le=3650)
    images_days: int = Field(7, ge=1, le=3650)
    decision_days: int = Field(1095, ge=30, le=36500)

    @model_validator(mode="after")
    def _raw_goes_first(self) -> Self:
        if self.raw_days > self.identity_days:
            raise ValueError("raw_days must not be more than identity_days: both go with the data key")
        if "decision_days" in self.model_fields_set and self.decision_days < self.identity_days:
            raise ValueError("decision_days must not be less than identity_days: the identity goes first")
        return self

    def to_domain(self) -> Retention:
        """The same as a domain value."""
        return Retention(**self.model_dump())
