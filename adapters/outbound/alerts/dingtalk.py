"""DingTalk's custom robots.

Source: https://open.dingtalk.com/document/robots/custom-robot-access and `customize-robot-security-settings`:
`timestamp` (ms) and `sign` = base64 of HMAC-SHA256 with the secret as key over "timestamp\\nsecret", in the
URL. `errcode` 130101: more than 20 messages a minute.
"""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from adapters.outbound.alerts.request import SinkRequest, taken_by_robot
from domain.events.alerts.sink import AlertSink, Message, Sent
from domain.events.webhooks.way import Answer, NotSent

_THROTTLED: Final = frozenset({130101})


def request(sink: AlertSink, message: Message, *, at: datetime) -> SinkRequest:
    """The request for a text message, signed if the sink has a secret."""
    body = msgspec.json.encode({"msgtype": "text", "text": {"content": message.text}})
    return SinkRequest(sink.url if sink.secret is None else _signed(sink.url, sink.secret, at), body)


def read(answer: Answer | NotSent) -> Sent:
    """What the answer means."""
    return taken_by_robot(answer, code_name="errcode", throttled=_THROTTLED)


def _signed(url: str, secret: str, at: datetime) -> str:
    timestamp = str(int(at.timestamp() * 1000))
    sign = base64.b64encode(hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256"))
    query = urlencode({"timestamp": timestamp, "sign": sign})
    return f"{url}{'&' if '?' in url else '?'}{query}"
