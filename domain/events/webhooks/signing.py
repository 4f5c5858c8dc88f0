"""Signatures of webhooks: Standard Webhooks 1.0.0 (`v1`, `v1a`), and a form with a sha1 sign.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import urlencode

import msgspec

from domain.errors import GatewayError

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the prefix of secrets, not a secret
SECRET_BYTES: Final = range(24, 65)


class Signature(StrEnum):
    """How an endpoint's webhooks are signed.

    `standard`: the headers of Standard Webhooks · `form-sha1`: a form with the event in `data` and `sign` =
    sha1 of the secret and `data`, as the vendor signs its callbacks.
    """

    STANDARD = "standard"
    FORM_SHA1 = "form-sha1"


class BadSecret(GatewayError):
    """A signing secret that is not `whsec_` and the base64 of 24 to 64 bytes."""


class PrivateKey(Protocol):
    """An ed25519 key."""

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""


class SigningSecret(msgspec.Struct, frozen=True):
    """A secret. `until`: when a rotation ends it; None for the newest. The repr does not show it."""

    text: str
    until: datetime | None = None

    def __repr__(self) -> str:
        return f"SigningSecret(until={self.until!r})"


class Webhook(msgspec.Struct, frozen=True):
    """A signed request: its body and the headers that belong to it."""

    body: bytes
    headers: Mapping[str, str]


def new_secret(random_bytes: bytes) -> str:
    """The text of a secret of these bytes."""
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret's text. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("a secret is whsec_ and base64") from None
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_BYTES:
        raise BadSecret("a secret is whsec_ and the base64 of 24 to 64 bytes")
    return key


def valid_at(secrets: Iterable[SigningSecret], now: datetime) -> list[str]:
    """The texts of the secrets that sign at `now`, the newest first."""
    return [secret.text for secret in secrets if secret.until is None or secret.until > now]


def sign_standard(
    body: bytes,
    *,
    event_id: str,
    at: datetime,
    secrets: Iterable[str],
    keys: Iterable[PrivateKey] = (),
) -> Webhook:
    """Sign a JSON body, once for each secret and each key. Raises BadSecret."""
    timestamp = str(int(at.timestamp()))
    content = f"{event_id}.{timestamp}.".encode() + body
    signed = [f"v1,{_base64(hmac.digest(key_of(secret), content, 'sha256'))}" for secret in secrets]
    signed += [f"v1a,{_base64(key.sign(content))}" for key in keys]
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signed),
    }
    return Webhook(body, headers)


def sign_form(body: bytes, *, event_id: str, at: datetime, secret: str) -> Webhook:
    """The same event as a form: `data`, and `sign` = sha1 of the secret's text and `data` in hexadecimal."""
    sign = hashlib.sha1(secret.encode() + body, usedforsecurity=False).hexdigest()
    form = urlencode({"data": body, "sign": sign}).encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
    }
    return Webhook(form, headers)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
