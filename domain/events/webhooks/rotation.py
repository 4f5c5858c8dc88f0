"""Rotation of an endpoint's secrets and keys: the earlier ones stay valid until a date."""

from datetime import datetime

import msgspec

from domain.events.webhooks.endpoint import EndpointPrivate, SigningKey
from domain.events.webhooks.signing import SigningSecret


def rotated(
    private: EndpointPrivate, *, secret: str, key: SigningKey | None, now: datetime, until: datetime
) -> EndpointPrivate:
    """The endpoint's private part with a new secret, and a new key if it has one.

    The earlier ones end at `until` at the latest; those that have ended are dropped.
    """
    secrets = tuple(
        SigningSecret(each.text, end) for each in private.secrets if (end := _end(each.until, until)) > now
    )
    keys = tuple(
        SigningKey(each.seed, each.public, end)
        for each in private.keys
        if (end := _end(each.until, until)) > now
    )
    return msgspec.structs.replace(
        private,
        secrets=(SigningSecret(secret), *secrets),
        keys=keys if key is None else (key, *keys),
    )


def _end(planned: datetime | None, until: datetime) -> datetime:
    return until if planned is None else min(planned, until)
