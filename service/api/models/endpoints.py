"""Webhook endpoints as pydantic models. No error repeats its input: URLs and headers may be secret."""

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.events.bodies import Format
from domain.events.webhooks.checks import (
    MAX_HEADERS,
    MAX_IN_FLIGHT,
    MAX_OVERLAP,
    MAX_PAUSE,
    MAX_PAUSES,
    MAX_PEM,
    MAX_RATE,
    MAX_TYPE,
    MAX_TYPES,
    MAX_URL,
)
from domain.events.webhooks.endpoint import (
    ALL_TYPES,
    DEFAULT_IN_FLIGHT,
    DisabledReason,
    Endpoint,
    EndpointSettings,
    EndpointState,
)
from domain.events.webhooks.signing import Signature
from domain.model import Outcome
from service.api.models.verifications import UtcTime
from usecases.events.webhooks.manage_endpoints import Changes, Shown

DAY: Final = 86_400


def _check_headers(value: object) -> object:
    """Names in lower case. Check the whole object: pydantic's errors would name its keys, which are input."""
    if not isinstance(value, dict) or len(value) > MAX_HEADERS:
        raise PydanticCustomError("headers", "an object of at most {limit} headers", {"limit": MAX_HEADERS})
    if not all(isinstance(each, str | None) for each in value.values()):
        raise PydanticCustomError("headers", "a text for each header, or null to remove it")
    return {str(name).lower(): text for name, text in value.items()}


Url = Annotated[str, Field(max_length=MAX_URL, examples=["https://shop.example/hooks/faceid"])]
Types = Annotated[
    list[Annotated[str, Field(max_length=MAX_TYPE)]],
    Field(
        min_length=1,
        max_length=MAX_TYPES,
        description="Event types; `*` matches any characters",
        examples=[["verification.*"]],
    ),
]
Outcomes = Annotated[
    list[Outcome] | None,
    Field(description="Only these effective outcomes, for events that have one; null: all"),
]
InFlight = Annotated[int, Field(ge=1, le=MAX_IN_FLIGHT, description="Most attempts at once")]
Rate = Annotated[
    float | None,
    Field(gt=0, le=MAX_RATE, allow_inf_nan=False, description="Most attempts per second; null: no limit"),
]
Pause = Annotated[int, Field(ge=1, le=MAX_PAUSE)]
Schedule = Annotated[
    list[Pause] | None,
    Field(
        min_length=1,
        max_length=MAX_PAUSES,
        description="Seconds between attempts; null: the default, about three days",
    ),
]
Headers = Annotated[
    dict[str, str | None],
    BeforeValidator(_check_headers),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_HEADERS,
            "additionalProperties": {"type": ["string", "null"]},
            "writeOnly": True,
            "description": "Further headers of every request; null removes one",
        }
    ),
]
Pem = Annotated[str | None, Field(max_length=MAX_PEM, json_schema_extra={"writeOnly": True})]
Ca = Annotated[Pem, Field(description="Certificates (PEM) to trust instead of the system's")]
ClientCertificate = Annotated[Pem, Field(description="A certificate and its key (PEM)")]
Ed25519 = Annotated[bool, Field(description="Sign with an ed25519 key (`v1a`) as well")]

_TLS: Final = ("ca", "client_certificate")
_BODY: Final = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewEndpoint(BaseModel):
    """A new endpoint."""

    model_config = _BODY

    app_id: str | None = Field(None, description="Required if the token covers several apps")
    url: Url
    types: Types = list(ALL_TYPES)
    outcomes: Outcomes = None
    format: Format = Format.THIN
    signature: Signature = Signature.STANDARD
    ed25519: Ed25519 = False
    max_in_flight: InFlight = DEFAULT_IN_FLIGHT
    max_rate: Rate = None
    schedule: Schedule = None
    headers: Headers = {}
    ca: Ca = None
    client_certificate: ClientCertificate = None

    def to_settings(self) -> EndpointSettings:
        """The part that is not secret."""
        return EndpointSettings(**_settings_of(self, type(self).model_fields.keys()))

    def to_extra(self) -> Changes:
        """Headers, TLS and keys."""
        tls = {name: getattr(self, name) for name in _TLS}
        return Changes(tls=tls, headers=self.headers, ed25519=self.ed25519)


class EndpointChange(BaseModel):
    """A change of an endpoint: what is left out stays as it is."""

    model_config = _BODY

    url: Url = Field(default_factory=str)
    types: Types = Field(default_factory=list)
    outcomes: Outcomes = Field(default_factory=list)
    format: Format = Field(default_factory=lambda: Format.THIN)
    signature: Signature = Field(default_factory=lambda: Signature.STANDARD)
    ed25519: Ed25519 = Field(default_factory=bool)
    max_in_flight: InFlight = Field(default_factory=int)
    max_rate: Rate = Field(default_factory=float)
    schedule: Schedule = Field(default_factory=list)
    headers: Headers = Field(default_factory=dict)
    ca: Ca = Field(default_factory=str)
    client_certificate: ClientCertificate = Field(default_factory=str)

    def to_changes(self) -> Changes:
        """The change."""
        given = self.model_fields_set
        return Changes(
            settings=_settings_of(self, given),
            tls={name: getattr(self, name) for name in _TLS if name in given},
            headers=self.headers,
            ed25519=self.ed25519 if "ed25519" in given else None,
        )


class Rotation(BaseModel):
    """How a secret is rotated."""

    model_config = _BODY

    overlap: int = Field(
        DAY,
        ge=0,
        le=MAX_OVERLAP // timedelta(seconds=1),
        description="Seconds for which the earlier secret is valid",
    )

    def to_overlap(self) -> timedelta:
        """How long both secrets are valid."""
        return timedelta(seconds=self.overlap)


class EndpointHealth(BaseModel):
    """The receiver's failures in a row, and the time of the first of them."""

    failures: int
    failing_since: UtcTime | None


class EndpointModel(BaseModel):
    """An endpoint, without what is secret. `headers` has names alone.

    `public_key` is that of its ed25519 key, `earlier_secret_until` the end of the earlier secret. The last
    five fields before `created_at` are null if no configured master key decrypts its secrets.
    """

    id: UUID
    app_id: str
    state: EndpointState
    disabled_reason: DisabledReason | None
    disabled_at: UtcTime | None
    health: EndpointHealth
    url: str
    types: list[str]
    outcomes: list[Outcome] | None
    format: Format
    signature: Signature
    max_in_flight: int
    max_rate: float | None
    schedule: list[int]
    headers: list[str] | None
    has_ca: bool | None
    has_client_certificate: bool | None
    public_key: str | None
    earlier_secret_until: UtcTime | None
    created_at: UtcTime
    updated_at: UtcTime

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointModel":
        """The answer for an endpoint of the store."""
        return cls(**_shown(endpoint))


class EndpointWithSecret(EndpointModel):
    """An endpoint with its newest secret, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])

    @classmethod
    def with_secret(cls, shown: Shown) -> "EndpointWithSecret":
        """The answer for a new secret."""
        return cls(**_shown(shown.endpoint), secret=shown.secret)


class EndpointPage(BaseModel):
    items: list[EndpointModel]
    next_cursor: str | None = Field(description="null on the last page")


def _settings_of(body: NewEndpoint | EndpointChange, names: Any) -> dict[str, Any]:
    """The named fields of `EndpointSettings`, by name."""
    given = {name: getattr(body, name) for name in EndpointSettings.__struct_fields__ if name in names}
    frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if frozen.get("schedule") is not None:
        frozen["schedule"] = tuple(timedelta(seconds=pause) for pause in frozen["schedule"])
    return frozen


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    settings = {name: getattr(endpoint.settings, name) for name in EndpointSettings.__struct_fields__}
    return (
        {
            name: getattr(endpoint, name)
            for name in ("id", "app_id", "state", "disabled_reason", "disabled_at")
        }
        | {name: getattr(endpoint, name) for name in ("created_at", "updated_at")}
        | settings
        | {"schedule": [round(pause.total_seconds()) for pause in endpoint.pauses]}
        | {"health": EndpointHealth.model_validate(endpoint.health, from_attributes=True)}
        | _shown_of_private(endpoint)
    )


def _shown_of_private(endpoint: Endpoint) -> dict[str, Any]:
    private = endpoint.private
    if private is None:
        names = ("headers", "has_ca", "has_client_certificate", "public_key", "earlier_secret_until")
        return dict.fromkeys(names)
    return {
        "headers": [name for name, _ in private.headers],
        "has_ca": private.ca is not None,
        "has_client_certificate": private.client_certificate is not None,
        "public_key": private.keys[0].public if private.keys else None,
        "earlier_secret_until": max((each.until for each in private.secrets if each.until), default=None),
    }
