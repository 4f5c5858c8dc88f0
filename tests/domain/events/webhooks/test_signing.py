"""Signatures verify with the official library, and a changed byte breaks them."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as OfficialWebhook
from standardwebhooks import WebhookVerificationError

from domain.events.webhooks.signing import (
    BadSecret,
    SigningSecret,
    key_of,
    new_secret,
    sign_form,
    sign_standard,
    valid_at,
)

SECRET = new_secret(bytes(range(24)))
OTHER = new_secret(bytes(range(32)))
BODY = '{"biz_no":"订单"}'.encode()


def now() -> datetime:
    return datetime.now(UTC)


def test_the_official_library_verifies_v1() -> None:
    webhook = sign_standard(BODY, event_id="e1", at=now(), secrets=[SECRET])
    assert OfficialWebhook(SECRET).verify(webhook.body, dict(webhook.headers)) == {"biz_no": "订单"}


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_both_secrets_of_a_rotation_verify(secret: str) -> None:
    webhook = sign_standard(BODY, event_id="e1", at=now(), secrets=[SECRET, OTHER])
    assert OfficialWebhook(secret).verify(webhook.body, dict(webhook.headers))


@given(position=st.integers(0, len(BODY) - 1))
def test_a_changed_byte_breaks_the_signature(position: int) -> None:
    webhook = sign_standard(BODY, event_id="e1", at=now(), secrets=[SECRET])
    changed = bytearray(webhook.body)
    changed[position] ^= 1
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        OfficialWebhook(SECRET).verify(bytes(changed), dict(webhook.headers))


def test_v1a_is_the_ed25519_signature_of_the_same_content() -> None:
    key = Ed25519PrivateKey.generate()
    webhook = sign_standard(BODY, event_id="e1", at=now(), secrets=[SECRET], keys=[key])
    v1, v1a = webhook.headers["webhook-signature"].split(" ")
    content = f"e1.{webhook.headers['webhook-timestamp']}.".encode() + BODY
    assert v1.startswith("v1,")
    key.public_key().verify(base64.b64decode(v1a.removeprefix("v1a,")), content)


def test_a_form_has_the_event_and_its_sha1_sign() -> None:
    webhook = sign_form(BODY, event_id="e1", at=now(), secret=SECRET)
    form = parse_qs(webhook.body.decode())
    assert form["data"] == [BODY.decode()]
    assert form["sign"] == [hashlib.sha1(SECRET.encode() + BODY).hexdigest()]


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_!!!!", SECRET.removeprefix("whsec_"), new_secret(b"x" * 23), new_secret(b"x" * 65)],
)
def test_a_malformed_secret_is_refused(text: str) -> None:
    with pytest.raises(BadSecret):
        key_of(text)


def test_an_old_secret_signs_until_its_rotation_ends() -> None:
    end = now()
    secrets = [SigningSecret(OTHER), SigningSecret(SECRET, until=end)]
    assert valid_at(secrets, end - timedelta(seconds=1)) == [OTHER, SECRET]
    assert valid_at(secrets, end) == [OTHER]


def test_no_repr_shows_a_secret() -> None:
    assert SECRET not in repr(SigningSecret(SECRET))
