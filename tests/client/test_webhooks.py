"""Only genuine, recent webhooks pass, whatever is changed, and both kinds of signature are known."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from faceid_gateway_client import Webhook, WebhookRejected, verify_webhook
from faceid_gateway_client.scenarios import SECRET, WebhookFactory
from hypothesis import given
from hypothesis import strategies as st

from domain.events.bodies import Format, encoded
from domain.events.event import Event, EventBody, EventType
from domain.events.webhooks.signing import new_secret, sign_standard
from domain.model import Outcome

OTHER = new_secret(b"x" * 32)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EVENT = Event(
    seq=17,
    id=UUID(int=1),
    type=EventType.APPROVED,
    at=NOW,
    app_id="demo",
    verification_id=UUID(int=2),
    n=3,
    body=EventBody(biz_id="1,a", outcome=Outcome.APPROVED, effective_outcome=Outcome.REJECTED),
)


def signed(
    form: Format = Format.THIN, *, at: datetime = NOW, secret: str = SECRET
) -> tuple[dict[str, str], bytes]:
    webhook = sign_standard(encoded(EVENT, form), event_id=str(EVENT.id), at=at, secrets=[secret])
    return dict(webhook.headers), webhook.body


def reason_of(headers: dict[str, str], body: bytes, secrets: str | list[str] = SECRET) -> str:
    with pytest.raises(WebhookRejected) as caught:
        verify_webhook(headers, body, secrets, now=NOW)
    return caught.value.reason


@pytest.mark.parametrize("form", list(Format))
def test_the_gateways_webhook_passes_in_every_form(form: Format) -> None:
    headers, body = signed(form)
    webhook = verify_webhook(headers, body, SECRET, now=NOW)
    event = webhook.event
    assert (webhook.id, event.seq, event.n, event.biz_id) == (str(EVENT.id), 17, 3, "1,a")
    assert (event.outcome, event.effective_outcome, event.at) == ("approved", "rejected", NOW)


@pytest.mark.parametrize("secrets", [[OTHER, SECRET], [SECRET, OTHER], SECRET])
def test_one_of_several_secrets_is_enough(secrets: str | list[str]) -> None:
    assert isinstance(verify_webhook(*signed(), secrets, now=NOW), Webhook)


def test_names_of_headers_are_in_any_case() -> None:
    headers, body = signed()
    assert verify_webhook({name.title(): value for name, value in headers.items()}, body, SECRET, now=NOW)


@given(data=st.data())
def test_a_changed_byte_is_rejected(data: st.DataObject) -> None:
    headers, body = signed()
    position = data.draw(st.integers(0, len(body) - 1))
    changed = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
    assert reason_of(headers, changed) == "bad_signature"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("webhook-id", "another", "bad_signature"),
        ("webhook-timestamp", str(int(NOW.timestamp()) + 1), "bad_signature"),
        ("webhook-timestamp", "soon", "bad_timestamp"),
        ("webhook-timestamp", "9" * 30, "bad_timestamp"),
        ("webhook-signature", "", "bad_signature"),
        ("webhook-signature", "v1,", "bad_signature"),
        ("webhook-signature", "v2,abc v1", "bad_signature"),
        ("webhook-signature", "v1,é", "bad_signature"),
    ],
)
def test_a_changed_header_is_rejected(name: str, value: str, reason: str) -> None:
    headers, body = signed()
    assert reason_of(headers | {name: value}, body) == reason


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_rejected(name: str) -> None:
    headers, body = signed()
    del headers[name]
    assert reason_of(headers, body) == "missing_header"


@pytest.mark.parametrize(
    ("age", "reason"), [(timedelta(seconds=301), "too_old"), (timedelta(seconds=-301), "too_new")]
)
def test_a_webhook_of_another_time_is_rejected(age: timedelta, reason: str) -> None:
    assert reason_of(*signed(at=NOW - age)) == reason


def test_another_secret_is_rejected() -> None:
    assert reason_of(*signed(), OTHER) == "bad_signature"


def test_ed25519_signatures_pass_with_the_public_key() -> None:
    key = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode()
    other = "whpk_" + base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    webhook = sign_standard(encoded(EVENT, Format.THIN), event_id="e", at=NOW, secrets=[SECRET], keys=[key])
    assert verify_webhook(webhook.headers, webhook.body, public, now=NOW).id == "e"
    assert reason_of(dict(webhook.headers), webhook.body, other) == "bad_signature"
    forged = dict(webhook.headers) | {"webhook-signature": "v1a,é"}
    assert reason_of(forged, webhook.body, public) == "bad_signature"


@pytest.mark.parametrize("secret", ["", "hush", "whsec_!!", "whpk_!!"])
def test_a_malformed_secret_is_the_callers_mistake(secret: str) -> None:
    webhook = sign_standard(
        b"{}", event_id="e", at=NOW, secrets=[SECRET], keys=[Ed25519PrivateKey.generate()]
    )
    with pytest.raises(ValueError, match="secret"):
        verify_webhook(webhook.headers, webhook.body, secret, now=NOW)


def test_what_is_signed_but_no_json_is_rejected() -> None:
    webhook = sign_standard(b"\xff", event_id="e", at=NOW, secrets=[SECRET])
    assert reason_of(dict(webhook.headers), webhook.body) == "not_json"


def test_the_factorys_webhooks_pass() -> None:
    webhook = WebhookFactory().scenario("pass")
    assert verify_webhook(webhook.headers, webhook.body, SECRET).event.outcome == "approved"
