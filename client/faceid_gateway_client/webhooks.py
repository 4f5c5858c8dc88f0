"""Prove that a request is a webhook of your gateway (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from faceid_gateway_client.errors import WebhookRejected
from faceid_gateway_client.models import Event

TOLERANCE = timedelta(minutes=5)
_SECRET, _PUBLIC_KEY = "whsec_", "whpk_"


@dataclass(frozen=True)
class Webhook:
    """A genuine webhook. `id` is the event's, the same in every attempt."""

    id: str
    at: datetime
    payload: Mapping[str, Any] = field(repr=False)

    @property
    def event(self) -> Event:
        """The event in the payload. Raises KeyError for a payload that is not an event's."""
        return Event.of(self.payload)


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    secrets: str | Iterable[str],
    *,
    tolerance: timedelta = TOLERANCE,
    now: datetime | None = None,
) -> Webhook:
    """Verify a request's raw body and headers.

    `secrets`: one or several, as during a rotation: `whsec_…`, or `whpk_…`, the public key of ed25519
    signatures, which needs `faceid-gateway-client[ed25519]`.

    Raises:
        WebhookRejected: anything but a genuine, recent webhook.
        ValueError: a secret that is malformed.
    """
    shown = {name.lower(): value for name, value in headers.items()}
    try:
        event_id, timestamp, signatures = (
            shown[f"webhook-{part}"] for part in ("id", "timestamp", "signature")
        )
    except KeyError:
        raise WebhookRejected("missing_header") from None
    at = _time_of(timestamp)
    _check_age(at, now or datetime.now(timezone.utc), tolerance)
    content = f"{event_id}.{timestamp}.".encode() + body
    keys = [secrets] if isinstance(secrets, str) else list(secrets)
    if not any(_matches(content, each, key) for each in signatures.split(" ") for key in keys):
        raise WebhookRejected("bad_signature")
    try:
        return Webhook(event_id, at, json.loads(body))
    except ValueError:
        raise WebhookRejected("not_json") from None


def _time_of(timestamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(timestamp), timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise WebhookRejected("bad_timestamp") from None


def _check_age(at: datetime, now: datetime, tolerance: timedelta) -> None:
    if now - at > tolerance:
        raise WebhookRejected("too_old")
    if at - now > tolerance:
        raise WebhookRejected("too_new")


def _matches(content: bytes, signature: str, key: str) -> bool:
    version, _, encoded = signature.partition(",")
    if version == "v1" and key.startswith(_SECRET):
        expected = base64.b64encode(hmac.new(_decoded(key, _SECRET), content, hashlib.sha256).digest())
        return hmac.compare_digest(expected, encoded.encode("utf-8", "replace"))
    if version == "v1a" and key.startswith(_PUBLIC_KEY):
        return _is_signed_by(_decoded(key, _PUBLIC_KEY), encoded, content)
    if not key.startswith((_SECRET, _PUBLIC_KEY)):
        raise ValueError("a secret begins with whsec_ or whpk_")
    return False


def _decoded(key: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(key[len(prefix) :], validate=True)
    except binascii.Error:
        raise ValueError(f"a secret is {prefix} and base64") from None


def _is_signed_by(public_key: bytes, encoded: str, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public_key)
    try:
        key.verify(base64.b64decode(encoded, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True
