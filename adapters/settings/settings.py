"""Settings from the environment (`FACEID_…`), `.env` and the TOML file named by `FACEID_CONFIG`.

The environment wins over `.env`, which wins over the file; `apps` and `alerts` of all three are merged. A
missing or wrong setting stops the start with one line that names it.
"""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from adapters.configuration.names import names_to_refuse, strange
from adapters.configuration.pictures_url import PicturesUrl, problems_of_pictures
from adapters.configuration.problems import lines_of
from adapters.configuration.sources import DOTENV, PREFIX, config_file, read_sources, read_toml
from adapters.configuration.values import (
    DatabaseUrl,
    EgressProxy,
    HttpUrl,
    KeysUrl,
    MasterKey,
    ProxyNetwork,
    RedisUrl,
    WebhookTarget,
    check_size,
    check_text,
    split_list,
)
from adapters.outbound.alerts.settings import AlertSettings
from adapters.people.settings import PeopleSettings, problems_of_people
from adapters.policies.folder import SHIPPED
from adapters.redis.names import DEFAULT_PREFIX
from adapters.settings.apps import AppSettings, to_app
from domain.apps.app import App
from domain.errors import SettingsError
from domain.events.alerts.sink import AlertSink
from domain.identity.retention import EVERY_APP, Retentions, SharedRetention
from domain.limits.memory_room import MEMORY_RULES, MemoryRules
from domain.model import APP_ID_SHAPE
from domain.pulls.budget import WORKER_PULLS, PullRules
from domain.pulls.reconciliation import ReconcileRules

_ANSWER_KEPT_WITHIN: Final = 5
"""Seconds within which a worker writes an answer to the ledger, also when it ends."""


class Settings(PeopleSettings, BaseSettings):
    """All settings of the roles. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=DOTENV, env_file_encoding="utf-8-sig", extra="ignore", allow_inf_nan=False
    )

    redis_url: RedisUrl = Field(repr=False)
    redis_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9:_-]{0,32}$")] = DEFAULT_PREFIX
    database_url: DatabaseUrl = Field(repr=False)
    master_keys: Annotated[list[MasterKey], NoDecode, BeforeValidator(split_list)] = Field(min_length=1)
    keys_url: KeysUrl | None = Field(None, repr=False)
    keys_epoch: int = Field(7, ge=1, le=366)
    keys_cached: float = Field(3600, ge=60, le=7 * 24 * 3600)
    pictures_url: PicturesUrl | None = Field(None, repr=False)
    apps: dict[str, AppSettings] = Field(min_length=1)
    alerts: dict[str, AlertSettings] = {}
    durability: Literal["fsync", "memory"] = "fsync"
    max_body_bytes: int = Field(256 * 1024, gt=0)
    body_timeout: float = Field(10, gt=0)
    max_header_bytes: int = Field(16 * 1024, ge=1024)
    max_connections: int = Field(1000, gt=0)
    max_connections_per_address: int = Field(600, gt=0)
    inbox_timeout: float = Field(0.4, gt=0)
    inbox_high_water: int = Field(MEMORY_RULES.high_water, gt=0)
    inbox_memory_share: float = Field(MEMORY_RULES.share, gt=0, le=0.95)
    ingress_metrics_host: str = "127.0.0.1"
    ingress_metrics_port: int | None = Field(None, ge=1, le=65535)
    max_waiting: int = Field(2048, gt=0)
    spool_dir: Path | None = None
    spool_max_bytes: int = Field(1024**3, gt=0)
    spool_drain_rate: float = Field(200, gt=0)
    shutdown_delay: float = Field(5, ge=0, le=60)
    trusted_proxies: Annotated[list[ProxyNetwork], NoDecode, BeforeValidator(split_list)] = []
    nudge_grace: float = Field(30, ge=0)
    nudge_rate: float = Field(20, gt=0)
    nudge_address_rate: float = Field(1, gt=0)
    pull_timeout: float = Field(10, gt=0)
    pull_spacing: float = Field(60, ge=0)
    pulls_in_flight: int = Field(64, gt=0)
    reconcile_grace: float = Field(15 * 60, ge=0)
    reconcile_last_look: float = Field(20 * 3600, gt=0, le=23 * 3600)
    reconcile_rate: float = Field(20, gt=0)
    api_rate: float = Field(1000, gt=0)
    api_call_rate: float = Field(30, gt=0)
    settle_at_once: int = Field(256, gt=0)
    sweep_every: int = Field(10, ge=1, le=30)
    sweep_after: float = Field(60, ge=1)
    events_kept: float = Field(30, gt=0, le=3650)
    identity_reads_a_day: int = Field(200, ge=1, le=1_000_000)
    heartbeat_every: float = Field(5, gt=0, le=3600)
    policy_dir: Path = SHIPPED
    roles: Annotated[list[Literal["record", "deliver"]], NoDecode, BeforeValidator(split_list)] = Field(
        ["record", "deliver"], min_length=1
    )
    webhook_allow: Annotated[list[WebhookTarget], NoDecode, BeforeValidator(split_list)] = []
    webhook_proxy: EgressProxy | None = Field(None, repr=False)
    webhook_endpoints: int = Field(50, ge=1, le=1000)
    audit_anchor_file: Path | None = None
    audit_tsa_url: HttpUrl | None = None
    audit_kept: int = Field(1825, ge=180, le=36500)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any, info: ValidationInfo) -> Any:
        """An empty prefix is valid; any other empty value is a mistake."""
        return value if value == "" and info.field_name == "redis_prefix" else check_text(value)

    _size = field_validator("*")(check_size)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the hook's fixed signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = config_file()
        sources = (init_settings, env_settings, dotenv_settings)
        return (*sources, InitSettingsSource(settings_cls, read_toml(file))) if file else sources

    def key_bytes(self) -> list[bytes]:
        """The master keys, newest first."""
        return [base64.b64decode(key.get_secret_value()) for key in self.master_keys]

    def needed_policies(self) -> dict[str, str]:
        """The policies that apps use, each with the setting that names it."""
        named = {app.policy: f"apps.{app_id}.policy" for app_id, app in self.apps.items()}
        candidates = {
            app.candidate_policy: f"apps.{app_id}.candidate_policy"
            for app_id, app in self.apps.items()
            if app.candidate_policy
        }
        return candidates | named

    def memory_rules(self) -> MemoryRules:
        """How much of Redis's memory the ingress may fill."""
        return MemoryRules(self.inbox_high_water, self.inbox_memory_share)

    def reconcile_rules(self) -> ReconcileRules:
        """When the results of verifications without a callback are pulled."""
        return ReconcileRules(
            grace=timedelta(seconds=self.reconcile_grace),
            last_look=timedelta(seconds=self.reconcile_last_look),
        )

    def pull_rules(self, *, limit: int = WORKER_PULLS) -> PullRules:
        """The spacing of one verification's calls, for a caller that may use `limit` of them."""
        return PullRules(
            spacing=timedelta(seconds=self.pull_spacing),
            # A call ends within its time-out; its answer must be in the ledger before the next call.
            in_flight=timedelta(seconds=max(self.sweep_after, self.pull_timeout + _ANSWER_KEPT_WITHIN)),
            limit=limit,
        )

    def alert_sinks(self) -> list[AlertSink]:
        """The sinks of alerts."""
        return [alert.sink(name) for name, alert in self.alerts.items()]

    def domain_apps(self) -> dict[str, App]:
        """The apps as domain values, by id."""
        return {app_id: to_app(app_id, app) for app_id, app in self.apps.items()}

    def retentions(self) -> Retentions:
        """How long data is kept, by app, and of every app together."""
        of_apps = {app_id: app.retention.to_domain() for app_id, app in self.apps.items()}
        return {**of_apps, EVERY_APP: SharedRetention(audit_days=self.audit_kept)}


_TABLES: Final = {"apps": AppSettings.model_fields, "alerts": AlertSettings.model_fields}


class IngressSettings(Settings):
    """The settings of the ingress. It uses no database, so it needs no database password."""

    database_url: str = Field("", repr=False, validate_default=False)


def load_settings(kind: type[Settings] = Settings) -> Settings:
    """Load the settings of this process, of the kind that its role needs.

    Raises:
        SettingsError: one line for each missing or wrong setting, without its value.
    """
    sources = read_sources()
    problems = names_to_refuse(sources, Settings.model_fields)
    try:
        settings = kind()
    except ValidationError as error:
        problems += lines_of(error, sources, _TABLES)
    else:
        problems += _wrong_ids(settings) + problems_of_people(settings, settings.apps)
        # An ingress has no use for pictures, so their place is not its mistake.
        if settings.pictures_url is None and not isinstance(settings, IngressSettings):
            problems += problems_of_pictures(
                app_id for app_id, app in settings.apps.items() if app.return_image
            )
        if not problems:
            return settings
    raise SettingsError("\n".join(problems))


def strange_names() -> list[str]:
    """Names with our prefix that are not settings of this version. Raises SettingsError."""
    return strange(read_sources(), Settings.model_fields)


def servers_given() -> bool:
    """Whether any source sets a server, even wrongly, or there is a file. Raises SettingsError."""
    sources = read_sources()
    named = {name for source in sources for name in source.given}
    return bool(named & {"redis_url", "database_url"}) or not all(source.variables for source in sources)


def _wrong_ids(settings: Settings) -> list[str]:
    tables = (("apps", "app", settings.apps), ("alerts", "sink", settings.alerts))
    return [
        f"{table}: the id of {item} {position} has not the shape {APP_ID_SHAPE.pattern}"
        for table, item, values in tables
        for position, name in enumerate(values, start=1)
        if not APP_ID_SHAPE.fullmatch(name)
    ]
