"""The simulator's settings: its addresses and its customer applications."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.callback.signature import HashName


class SimulatedApp(BaseModel):
    """One customer application as in the vendor's console.

    `notify_url` and `return_url` are for verifications that the control endpoint starts; get_token has its
    own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: str = Field(min_length=1)
    api_secret: str = Field(min_length=1, repr=False)
    hash: HashName = "sha1"
    notify_url: str = Field(pattern=r"^https?://")
    return_url: str = Field(pattern=r"^https?://")


class SimulatorSettings(BaseSettings):
    """Read from `FACEID_SIMULATOR_…`; `FACEID_SIMULATOR_APPS` is a JSON object keyed by app id."""

    model_config = SettingsConfigDict(env_prefix="FACEID_SIMULATOR_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    public_url: str = Field(
        default_factory=lambda values: f"http://127.0.0.1:{values.get('port', 8090)}",
        pattern=r"^https?://",
    )
    """The simulator's address for browsers and the gateway."""
    token_life: float = Field(default=3002, gt=0)
    """Life of a token in seconds, as in the one capture; the vendor documents 5 to 60 minutes."""
    apps: dict[str, SimulatedApp] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _api_keys_are_distinct(self) -> Self:
        keys = [app.api_key for app in self.apps.values()]
        if len(set(keys)) != len(keys):
            raise ValueError("two apps share one api_key: the vendor tells apps apart by it")
        return self
