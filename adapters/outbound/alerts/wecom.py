"""WeCom's group robots. They have no signature: the key in the URL is the secret.

Source: https://developer.work.weixin.qq.com/document/path/91770: 20 messages a minute, texts of up to 2048
bytes. `errcode` 45009: too many messages.
"""

from datetime import datetime
from typing import Final

import msgspec

from adapters.outbound.alerts.request import SinkRequest, taken_by_robot
from domain.events.alerts.sink import AlertSink, Message, Sent
from domain.events.webhooks.way import Answer, NotSent

_THROTTLED: Final = frozenset({45009})


def request(sink: AlertSink, message: Message, *, at: datetime) -> SinkRequest:  # noqa: ARG001 - unsigned
    """The request for a text message."""
    return SinkRequest(sink.url, msgspec.json.encode({"msgtype": "text", "text": {"content": message.text}}))


def read(answer: Answer | NotSent) -> Sent:
    """What the answer means."""
    return taken_by_robot(answer, code_name="errcode", throttled=_THROTTLED)
