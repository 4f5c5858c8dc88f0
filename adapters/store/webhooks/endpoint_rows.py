"""Endpoints as rows, and where their ciphertexts belong."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from adapters.sealing.envelope import place_of
from domain.events.bodies import Format
from domain.events.webhooks.endpoint import (
    DisabledReason,
    Endpoint,
    EndpointPrivate,
    EndpointSettings,
    EndpointState,
)
from domain.events.webhooks.schedule import Health
from domain.events.webhooks.signing import Signature
from domain.model import Outcome
from domain.verifications.lease import DataKey


def row_of(endpoint: Endpoint, data_key: DataKey) -> dict[str, Any]:
    """The columns that a change of settings replaces."""
    settings = endpoint.settings
    private = msgspec.msgpack.encode(endpoint.private)
    return {
        "url": settings.url,
        "types": list(settings.types),
        "outcomes": None if settings.outcomes is None else list(settings.outcomes),
        "format": settings.format,
        "signature": settings.signature,
        "max_in_flight": settings.max_in_flight,
        "max_rate": settings.max_rate,
        "schedule": _seconds(settings.schedule),
        "private_ct": data_key.seal(private, place=private_place(endpoint.app_id, endpoint.id)),
        "updated_at": endpoint.updated_at,
    }


def _seconds(schedule: Sequence[timedelta] | None) -> list[int] | None:
    return None if schedule is None else [round(pause.total_seconds()) for pause in schedule]


def endpoint_of(row: Row[*tuple[Any, ...]], private: EndpointPrivate | None) -> Endpoint:
    """The endpoint in a row; `private`: its opened private part, None if nothing decrypts it."""
    return Endpoint(
        id=row.id,
        app_id=row.app_id,
        settings=_settings_of(row),
        private=private,
        state=EndpointState(row.state),
        disabled_reason=None if row.disabled_reason is None else DisabledReason(row.disabled_reason),
        disabled_at=row.disabled_at,
        health=Health(row.failures, row.failing_since),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _settings_of(row: Row[*tuple[Any, ...]]) -> EndpointSettings:
    outcomes, schedule = row.outcomes, row.schedule
    return EndpointSettings(
        url=row.url,
        types=tuple(row.types),
        outcomes=None if outcomes is None else tuple(map(Outcome, outcomes)),
        format=Format(row.format),
        signature=Signature(row.signature),
        max_in_flight=row.max_in_flight,
        max_rate=row.max_rate,
        schedule=None if schedule is None else tuple(timedelta(seconds=each) for each in schedule),
    )


def key_place(app_id: str, row: UUID) -> str:
    """Where the data key of an endpoint belongs, for wrapping."""
    return place_of(app_id, "endpoints.wrapped_key", row)


def private_place(app_id: str, row: UUID) -> str:
    """Where the private part of an endpoint belongs, for sealing."""
    return place_of(app_id, "endpoints.private_ct", row)
