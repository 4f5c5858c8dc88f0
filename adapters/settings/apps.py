"""The settings of an app: one `[apps.ID]` table."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from adapters.configuration.retention import RetentionSettings
from adapters.configuration.values import (
    HttpUrl,
    Key,
    Secret,
    check_size,
    check_text,
)
from domain.apps.app import DEFAULT_POLICY, App
from domain.model import ConfirmationMode


class AppSettings(BaseModel):
    """One `[apps.ID]` table."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    api_key: Key = Field(repr=False)
    api_secrets: list[Secret] = Field(min_length=1)
    hash: Literal["sha1", "sha256"] = "sha1"
    vendor_url: HttpUrl = "https://api.megvii.com"
    vendor_path: Annotated[str, Field(pattern=r"^/[a-z/]*[a-z]$")] = "/faceid/lite"
    notify_url: HttpUrl | None = None
    return_url: HttpUrl | None = None
    landing_url: HttpUrl | None = None
    policy: str = DEFAULT_POLICY
    candidate_policy: str | None = None
    confirmation: ConfirmationMode | None = None
    require_registration: bool = False
    orders_of_number: int = Field(0, ge=0, le=1000)
    return_image: int = Field(0, ge=0, le=6)
    pull_retry_delays: list[Annotated[float, Field(ge=0)]] = [60.0, 3600.0]
    retention: RetentionSettings = RetentionSettings()

    _text = field_validator("*", mode="before")(check_text)
    _size = field_validator("*")(check_size)

    @model_validator(mode="after")
    def _path_stands_once(self) -> Self:
        if self.vendor_url.rstrip("/").endswith(self.vendor_path):
            raise ValueError("vendor_url ends in vendor_path already: leave the path out of it")
        return self


def to_app(app_id: str, app: AppSettings) -> App:
    """The app as a domain value."""
    return App(
        app_id=app_id,
        api_key=app.api_key,
        secrets=tuple(secret.get_secret_value().encode() for secret in app.api_secrets),
        hash_name=app.hash,
        vendor_url=app.vendor_url.rstrip("/") + app.vendor_path,
        notify_url=app.notify_url,
        return_url=app.return_url,
        landing_url=app.landing_url,
        policy=app.policy,
        candidate_policy=app.candidate_policy,
        confirmation=app.confirmation,
        require_registration=app.require_registration,
        orders_of_number=app.orders_of_number,
        return_image=app.return_image,
        retention=app.retention.to_domain(),
        pull_retry_delays=tuple(timedelta(seconds=delay) for delay in app.pull_retry_delays),
    )
