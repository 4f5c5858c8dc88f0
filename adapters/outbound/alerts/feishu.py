"""Feishu's (Lark's) custom bots.

Source: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: `timestamp` (s) and `sign` = base64
of HMAC-SHA256 with "timestamp\\nsecret" as key over nothing, in the body. `code` 11232: too many
messages.
"""

import base64
import hmac
from datetime import datetime
from typing import Any, Final

import msgspec

from adapters.outbound.alerts.request import SinkRequest, taken_by_robot
from domain.events.alerts.sink import AlertSink, Message, Sent
from domain.events.webhooks.way import Answer, NotSent

_THROTTLED: Final = frozenset({11232})


def request(sink: AlertSink, message: Message, *, at: datetime) -> SinkRequest:
    """The request for a text message, signed if the sink has a secret."""
    content: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text}}
    if sink.secret is not None:
        content |= _signature(sink.secret, at)
    return SinkRequest(sink.url, msgspec.json.encode(content))


def read(answer: Answer | NotSent) -> Sent:
    """What the answer means."""
    return taken_by_robot(answer, code_name="code", throttled=_THROTTLED)


def _signature(secret: str, at: datetime) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    sign = base64.b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")).decode()
    return {"timestamp": timestamp, "sign": sign}
