"""A plain webhook: `{"text": …, "events": […]}`, signed as Standard Webhooks if the sink has a secret.

Slack, Mattermost and others show `text`.
"""

import hashlib
from datetime import datetime

import msgspec

from adapters.outbound.alerts.request import SinkRequest, taken
from domain.events.alerts.sink import AlertSink, Message, Sent
from domain.events.bodies import thin
from domain.events.webhooks.signing import sign_standard
from domain.events.webhooks.way import Answer, NotSent


def request(sink: AlertSink, message: Message, *, at: datetime) -> SinkRequest:
    """The request. The same events have the same id in every attempt."""
    body = msgspec.json.encode({"text": message.text, "events": [thin(event) for event in message.events]})
    secrets = [] if sink.secret is None else [sink.secret]
    webhook = sign_standard(body, event_id=_id_of(message), at=at, secrets=secrets)
    headers = {name: value for name, value in webhook.headers.items() if value}
    return SinkRequest(sink.url, body, headers)


def read(answer: Answer | NotSent) -> Sent:
    """What the answer means."""
    return taken(answer)


def _id_of(message: Message) -> str:
    ids = b"".join(event.id.bytes for event in message.events)
    return f"alert_{hashlib.sha256(ids).hexdigest()[:32]}"
