"""Settings from the environment (`FACEID_…`), `.env` and the TOML file named by `FACEID_CONFIG`.

The environment wins over `.env`, which wins over the file; `apps` of all three are merged. A missing or
wrong setting stops the start with one line that names it.
"""

import base64
import binascii
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from adapters.policies import SHIPPED
from domain.apps import DEFAULT_POLICY, App
from domain.budget import WORKER_PULLS, PullRules
from domain.errors import SettingsError
from domain.model import APP_ID_SHAPE, ConfirmationMode
from domain.registration import ReconcileRules

_ENV_REFERENCE: Final = "env:"
_ANSWER_KEPT_WITHIN: Final = 5
"""Seconds that a worker has, at its end too, to put an answer on the ledger."""


def _read_secret(value: SecretStr) -> SecretStr:
    """`"env:NAME"` stands for the environment variable NAME; an empty secret would verify an empty key."""
    return SecretStr(_read_reference(value.get_secret_value()))


def _read_reference(text: str) -> str:
    if text.startswith(_ENV_REFERENCE):
        name = text.removeprefix(_ENV_REFERENCE)
        text = os.environ.get(name, "")
        if not text:
            raise ValueError(f"the environment variable {name} is not set")
    if not text:
        raise ValueError("must not be empty")
    return text


def _read_master_key(value: SecretStr) -> SecretStr:
    text = _read_secret(value).get_secret_value()
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise ValueError("a master key is 32 bytes in base64")
    return SecretStr(text)


def _split_list(value: Any) -> Any:
    """Lists in the environment are separated by commas."""
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


Secret = Annotated[SecretStr, AfterValidator(_read_secret)]
MasterKey = Annotated[SecretStr, AfterValidator(_read_master_key)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class AppSettings(BaseModel):
    """One `[apps.ID]` table."""

    model_config = ConfigDict(extra="forbid")

    api_key: Annotated[str, AfterValidator(_read_reference)]
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
    return_image: int = Field(0, ge=0, le=4)
    pull_retry_delays: list[Annotated[float, Field(ge=0)]] = [60.0]


class Settings(BaseSettings):
    """Everything a role can be told. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="FACEID_", env_file=".env", extra="ignore")

    redis_url: str
    database_url: str
    master_keys: Annotated[list[MasterKey], NoDecode, BeforeValidator(_split_list)] = Field(min_length=1)
    apps: dict[str, AppSettings] = Field(min_length=1)
    durability: Literal["fsync", "memory"] = "fsync"
    max_body_bytes: int = Field(256 * 1024, gt=0)
    body_timeout: float = Field(10, gt=0)
    inbox_timeout: float = Field(0.4, gt=0)
    inbox_high_water: int = Field(1024**3, gt=0)
    max_waiting: int = Field(2048, gt=0)
    spool_dir: Path | None = None
    spool_max_bytes: int = Field(1024**3, gt=0)
    spool_drain_rate: float = Field(200, gt=0)
    shutdown_delay: float = Field(5, ge=0, le=60)
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode, BeforeValidator(_split_list)] = []
    nudge_grace: float = Field(30, ge=0)
    nudge_rate: float = Field(20, gt=0)
    nudge_address_rate: float = Field(1, gt=0)
    pull_timeout: float = Field(10, gt=0)
    pull_spacing: float = Field(60, ge=0)
    pulls_in_flight: int = Field(64, gt=0)
    reconcile_grace: float = Field(15 * 60, ge=0)
    reconcile_last_look: float = Field(20 * 3600, gt=0, le=23 * 3600)
    reconcile_rate: float = Field(20, gt=0)
    worker_jobs: int = Field(20, gt=0)
    sweep_every: int = Field(10, ge=1, le=30)
    sweep_after: float = Field(60, gt=0)
    heartbeat_every: float = Field(5, gt=0)
    policy_dir: Path = SHIPPED
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the hook's fixed signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("FACEID_CONFIG")
        sources = (init_settings, env_settings, dotenv_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    def key_bytes(self) -> list[bytes]:
        """The master keys, newest first."""
        return [base64.b64decode(key.get_secret_value()) for key in self.master_keys]

    def needed_policies(self) -> set[str]:
        """The policies that apps name."""
        named = {app.policy for app in self.apps.values()}
        return named | {app.candidate_policy for app in self.apps.values() if app.candidate_policy}

    def reconcile_rules(self) -> ReconcileRules:
        """When verifications without a callback are asked for."""
        return ReconcileRules(
            grace=timedelta(seconds=self.reconcile_grace),
            last_look=timedelta(seconds=self.reconcile_last_look),
        )

    def pull_rules(self, *, limit: int = WORKER_PULLS) -> PullRules:
        """How the calls of one verification are spaced, for a caller that may use `limit` of them."""
        return PullRules(
            spacing=timedelta(seconds=self.pull_spacing),
            # A call ends within its time-out; its answer must reach the ledger before another one may go.
            in_flight=timedelta(seconds=max(self.sweep_after, self.pull_timeout + _ANSWER_KEPT_WITHIN)),
            limit=limit,
        )

    def domain_apps(self) -> dict[str, App]:
        """The apps as the domain knows them, by id."""
        return {app_id: _to_app(app_id, app) for app_id, app in self.apps.items()}


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one line that names the first missing or wrong setting.
    """
    file = os.environ.get("FACEID_CONFIG")
    if file and not Path(file).is_file():
        raise SettingsError(f"FACEID_CONFIG names {file}, which is not a file")
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(_first_problem(error)) from None
    except (SourceError, ValueError) as error:
        raise SettingsError(f"the settings cannot be read: {error}") from None
    for app_id in settings.apps:
        if not APP_ID_SHAPE.fullmatch(app_id):
            raise SettingsError(f"apps.{app_id}: an app id has the shape {APP_ID_SHAPE.pattern}")
    return settings


def _to_app(app_id: str, app: AppSettings) -> App:
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
        return_image=app.return_image,
        pull_retry_delays=tuple(timedelta(seconds=delay) for delay in app.pull_retry_delays),
    )


def _first_problem(error: ValidationError) -> str:
    """Name and problem of the first wrong setting; never its value, which may be a secret."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name, *rest = (str(part) for part in problem["loc"])
    place = ".".join((name, *rest)) if name == "apps" else f"FACEID_{name.upper()}"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
