"""The settings of a sink: an `[alerts.NAME]` table."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from adapters.configuration.values import Secret, check_http_url, check_text
from domain.events.alerts.sink import OPERATORS_TYPES, AlertSink, Language, SinkKind
from domain.events.event import EventType
from domain.events.webhooks.signing import BadSecret, key_of


def _check_url(value: SecretStr) -> SecretStr:
    check_http_url(value.get_secret_value())
    return value


class AlertSettings(BaseModel):
    """One `[alerts.NAME]` table. The URL is a secret too: it holds the robot's token."""

    model_config = ConfigDict(extra="forbid")

    kind: SinkKind
    url: Annotated[Secret, AfterValidator(_check_url)]
    secret: Secret | None = None
    types: list[EventType] = Field(sorted(OPERATORS_TYPES), min_length=1)
    language: Language = Language.CHINESE

    _text = field_validator("*", mode="before")(check_text)

    @model_validator(mode="after")
    def _secret_fits(self) -> Self:
        if self.secret is not None and self.kind is SinkKind.WECOM:
            raise ValueError("wecom has no secret: leave it out")
        if self.secret is not None and self.kind is SinkKind.WEBHOOK:
            try:
                key_of(self.secret.get_secret_value())
            except BadSecret as error:
                raise ValueError(str(error)) from None
        return self

    def sink(self, name: str) -> AlertSink:
        """The sink as a domain value."""
        secret = None if self.secret is None else self.secret.get_secret_value()
        return AlertSink(
            name, self.kind, self.url.get_secret_value(), secret, frozenset(self.types), self.language
        )
