"""Each sink gets what its vendor documents; the stub checks the signature as the vendor does."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from standardwebhooks import Webhook

from adapters.outbound.alerts.sinks import AlertSender
from adapters.outbound.webhooks.sender import WebhookSender
from domain.events.alerts.sink import AlertSink, Message, Sent, SinkKind
from domain.events.webhooks.addresses import parse_allowed
from domain.events.webhooks.signing import new_secret
from tests.support.servers.vendor import Ending, VendorServer, answers, resets, serving
from tests.support.webhooks.events import AT, operators_event

HERE = parse_allowed(["127.0.0.0/8"])
SECRET = "SEC5d41402abc4b2a76b9719d911017c592"
MESSAGE = Message("faceid-gateway：1 个事件", [operators_event(reason="failing")])
OK = {"errcode": 0, "errmsg": "ok"}


async def send(
    kind: SinkKind,
    *endings: Ending,
    secret: str | None = SECRET,
    query: str = "?access_token=t",
    at: datetime = AT,
) -> tuple[Sent, VendorServer]:
    async with serving(*endings) as server, WebhookSender(allowed=HERE) as post:
        sink = AlertSink("ops", kind, f"{server.url}/robot/send{query}", secret)
        return await AlertSender(post, clock=lambda: at).send(sink, MESSAGE), server


def says(**answer: Any) -> Ending:
    return answers(200, json.dumps(answer).encode())


async def test_dingtalk_gets_timestamp_and_sign_in_the_url() -> None:
    sent, server = await send(SinkKind.DINGTALK, says(**OK))
    assert sent == Sent()
    query = parse_qs(urlsplit(server.targets[0]).query)
    timestamp = str(int(AT.timestamp() * 1000))
    # The vendor's sample, in Python: quote_plus(b64encode(hmac(secret, f"{timestamp}\n{secret}"))).
    code = hmac.new(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()
    assert query == {
        "access_token": ["t"],
        "timestamp": [timestamp],
        "sign": [base64.b64encode(code).decode()],
    }
    assert f"sign={quote_plus(base64.b64encode(code))}" in server.targets[0]
    assert json.loads(server.bodies[0]) == {"msgtype": "text", "text": {"content": MESSAGE.text}}
    assert "content-type: application/json; charset=utf-8" in server.requests[0].lower()


async def test_feishu_gets_timestamp_and_sign_in_the_body() -> None:
    sent, server = await send(SinkKind.FEISHU, says(code=0, msg="success"), query="")
    assert sent == Sent()
    timestamp = str(int(AT.timestamp()))
    # The vendor's sample, in Python: the key is the text to sign, and nothing is signed.
    code = hmac.new(f"{timestamp}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()
    assert json.loads(server.bodies[0]) == {
        "timestamp": timestamp,
        "sign": base64.b64encode(code).decode(),
        "msg_type": "text",
        "content": {"text": MESSAGE.text},
    }


async def test_wecom_gets_the_text_alone() -> None:
    sent, server = await send(SinkKind.WECOM, says(**OK), secret=None, query="?key=k")
    assert sent == Sent()
    assert server.targets == ["/robot/send?key=k"]
    assert json.loads(server.bodies[0]) == {"msgtype": "text", "text": {"content": MESSAGE.text}}


async def test_a_plain_webhook_is_signed_as_standard_webhooks_say() -> None:
    secret = new_secret(b"k" * 32)
    _, server = await send(SinkKind.WEBHOOK, answers(204, b""), secret=secret, at=datetime.now(UTC))
    headers = dict(line.split(": ", 1) for line in server.requests[0].split("\r\n")[1:] if line)
    shown = {name.lower(): value for name, value in headers.items()}
    body = Webhook(secret).verify(server.bodies[0], shown)
    assert body["text"] == MESSAGE.text
    assert body["events"][0]["detail"] == {"reason": "failing"}


async def test_the_same_events_have_the_same_id_in_every_attempt() -> None:
    ids = set()
    for _ in range(2):
        _, server = await send(SinkKind.WEBHOOK, answers(204, b""), secret=None)
        [line] = [each for each in server.requests[0].lower().split("\r\n") if each.startswith("webhook-id")]
        ids.add(line)
        assert "webhook-signature" not in server.requests[0].lower()
    assert len(ids) == 1


@pytest.mark.parametrize("kind", [SinkKind.DINGTALK, SinkKind.FEISHU])
async def test_a_robot_without_a_secret_gets_no_signature(kind: SinkKind) -> None:
    _, server = await send(kind, says(errcode=0, code=0), secret=None)
    assert "sign" not in server.targets[0] + server.bodies[0].decode()


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        (SinkKind.DINGTALK, says(errcode=310000, errmsg="sign not match"), Sent("code_310000")),
        (SinkKind.DINGTALK, says(errcode=130101, errmsg="send too fast"), Sent("code_130101", True)),
        (SinkKind.WECOM, says(errcode=93000, errmsg="invalid webhook url"), Sent("code_93000")),
        (SinkKind.WECOM, says(errcode=45009, errmsg="api freq out of limit"), Sent("code_45009", True)),
        (SinkKind.FEISHU, says(code=19021, msg="sign match fail"), Sent("code_19021")),
        (SinkKind.FEISHU, says(code=11232, msg="frequency limited"), Sent("code_11232", True)),
        (SinkKind.FEISHU, answers(200, b"<html>"), Sent("bad_answer")),
        (SinkKind.FEISHU, answers(200, b"\xff"), Sent("bad_answer")),
        (SinkKind.WECOM, answers(200, b'{"errcode": "0"}'), Sent("bad_answer")),
        (SinkKind.WEBHOOK, answers(429), Sent("status_429", True)),
        (SinkKind.WEBHOOK, answers(500), Sent("status_500")),
        (SinkKind.DINGTALK, answers(302, b"", location="/"), Sent("status_302")),
        (SinkKind.DINGTALK, resets, Sent("reset")),
    ],
)
async def test_a_refusal_is_a_word(kind: SinkKind, answer: Ending, expected: Sent) -> None:
    sent, _ = await send(kind, answer, secret=None)
    assert sent == expected


async def test_a_private_address_is_refused_like_a_webhooks() -> None:
    async with serving(says(**OK)) as server, WebhookSender() as post:
        sink = AlertSink("ops", SinkKind.DINGTALK, server.url)
        assert await AlertSender(post, clock=lambda: AT).send(sink, MESSAGE) == Sent("refused_address")
    assert server.connections == 0
