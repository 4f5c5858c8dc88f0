"""A webhook endpoint: its receiver, the events it selects, and how they are sent."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.events.bodies import Format
from domain.events.webhooks.schedule import SCHEDULE, Health
from domain.events.webhooks.signing import Signature, SigningSecret
from domain.events.webhooks.way import Way
from domain.model import Outcome

ALL_TYPES: Final = ("*",)
DEFAULT_IN_FLIGHT: Final = 16


class EndpointState(StrEnum):
    """Only an `enabled` endpoint gets events."""

    ENABLED = "enabled"
    DISABLED = "disabled"


PAUSED: Final = "paused"
"""What is shown in the place of `enabled` while the settings do not have the endpoint's app: its deliveries
are made and wait until the app is back."""


class DisabledReason(StrEnum):
    """`by_hand`: a person or a program disabled it · `gone`: the receiver answered 410 · `failing`: it failed
    for five days, with no success.
    """

    BY_HAND = "by_hand"
    GONE = "gone"
    FAILING = "failing"


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer sets, without what is secret.

    `types`: names of event types, in which `*` matches any characters. `outcomes`: only these effective
    outcomes, for events that have one; None means all. `max_in_flight`: attempts at once. `max_rate`:
    attempts per second; None means no limit. `schedule`: the pauses between attempts; None means the default.
    """

    url: str
    types: tuple[str, ...] = ALL_TYPES
    outcomes: tuple[Outcome, ...] | None = None
    format: Format = Format.THIN
    signature: Signature = Signature.STANDARD
    max_in_flight: int = DEFAULT_IN_FLIGHT
    max_rate: float | None = None
    schedule: tuple[timedelta, ...] | None = None

    def __repr__(self) -> str:
        # The path and the query of a URL may be what proves the sender.
        return f"EndpointSettings(types={self.types!r})"


class SigningKey(msgspec.Struct, frozen=True):
    """The 32-byte seed of an ed25519 key. `until`: when a rotation ends it; None for the newest.

    The repr does not show it.
    """

    seed: bytes
    public: str
    until: datetime | None = None

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public!r}, until={self.until!r})"


class EndpointPrivate(msgspec.Struct, frozen=True, kw_only=True):
    """The part that is stored encrypted: extra headers, TLS, secrets and keys, the newest first.

    The repr does not show it.
    """

    headers: tuple[tuple[str, str], ...] = ()
    ca: str | None = None
    client_certificate: str | None = None
    secrets: tuple[SigningSecret, ...] = ()
    keys: tuple[SigningKey, ...] = ()

    def __repr__(self) -> str:
        return "EndpointPrivate(...)"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `private` is None if no configured master key decrypts it."""

    id: UUID
    app_id: str
    settings: EndpointSettings
    private: EndpointPrivate | None
    state: EndpointState = EndpointState.ENABLED
    disabled_reason: DisabledReason | None = None
    disabled_at: datetime | None = None
    health: Health = Health()
    created_at: datetime
    updated_at: datetime

    @property
    def pauses(self) -> tuple[timedelta, ...]:
        """The pauses between attempts."""
        return SCHEDULE if self.settings.schedule is None else self.settings.schedule

    @property
    def way(self) -> Way | None:
        """How to reach it; None if `private` is None."""
        return None if self.private is None else way_of(self.settings, self.private)


def way_of(settings: EndpointSettings, private: EndpointPrivate) -> Way:
    """How to reach an endpoint with these settings."""
    return Way(settings.url, private.headers, private.ca, private.client_certificate)
