"""Send messages to sinks, through the same guarded connections as webhooks."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from adapters.outbound.alerts import dingtalk, feishu, plain, wecom
from adapters.outbound.alerts.request import SinkRequest
from domain.events.alerts.sink import AlertSink, Message, Sent, SinkKind
from domain.events.webhooks.way import Answer, NotSent, Post, Way


class _Request(Protocol):
    def __call__(self, sink: AlertSink, message: Message, *, at: datetime) -> SinkRequest: ...


class _Dialect(NamedTuple):
    request: _Request
    read: Callable[[Answer | NotSent], Sent]


_DIALECTS: Final = {
    SinkKind.DINGTALK: _Dialect(dingtalk.request, dingtalk.read),
    SinkKind.FEISHU: _Dialect(feishu.request, feishu.read),
    SinkKind.WECOM: _Dialect(wecom.request, wecom.read),
    SinkKind.WEBHOOK: _Dialect(plain.request, plain.read),
}


class AlertSender:
    """Sends one message at a time; what a sink does is never an exception."""

    def __init__(self, post: Post, *, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._clock = clock

    async def send(self, sink: AlertSink, message: Message) -> Sent:
        """Send a message once."""
        dialect = _DIALECTS[sink.kind]
        request = dialect.request(sink, message, at=self._clock())
        return dialect.read(await self._post.post(Way(request.url), request.body, request.headers))
