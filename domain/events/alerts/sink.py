"""Where alerts go, how often, and when a failed one is sent again.

Sources: DingTalk's and WeCom's group robots take 20 messages a minute, and DingTalk refuses everything for
ten minutes after more; Feishu's take 100 a minute and 5 a second.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.events.event import Event, EventType

OPERATORS_TYPES: Final = frozenset(
    {
        EventType.ENDPOINT_FAILING,
        EventType.ENDPOINT_DISABLED,
        EventType.DELIVERY_EXHAUSTED,
        EventType.DEAD_LETTER_CREATED,
        EventType.POLICY_ACTIVATED,
        EventType.REVIEW_OVERDUE,
    }
)
"""The types of a sink that names none."""


class SinkKind(StrEnum):
    """Whose protocol a sink speaks."""

    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WECOM = "wecom"
    WEBHOOK = "webhook"


class Language(StrEnum):
    """The language of the messages."""

    CHINESE = "zh"
    ENGLISH = "en"


SPACING: Final = {
    SinkKind.DINGTALK: timedelta(seconds=4),
    SinkKind.FEISHU: timedelta(seconds=1),
    SinkKind.WECOM: timedelta(seconds=4),
    SinkKind.WEBHOOK: timedelta(seconds=1),
}
"""The least time between two messages: 15 or 60 a minute. Events that arrive meanwhile share a message."""

BLOCKED_FOR: Final = timedelta(minutes=10)
"""The pause after a refusal because there were too many messages."""

_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))


class AlertSink(msgspec.Struct, frozen=True):
    """A configured sink. The URL holds a token, and the repr shows neither it nor the secret."""

    name: str
    kind: SinkKind
    url: str
    secret: str | None = None
    types: frozenset[EventType] = OPERATORS_TYPES
    language: Language = Language.CHINESE

    def __repr__(self) -> str:
        return f"AlertSink(name={self.name!r}, kind={self.kind.value!r})"


class Sent(msgspec.Struct, frozen=True):
    """The end of an attempt. `error` is None if the sink took the message. `is_throttled`: it wants fewer."""

    error: str | None = None
    is_throttled: bool = False


def pause_after(sent: Sent, *, kind: SinkKind, failures: int) -> timedelta:
    """How long a sink rests after an attempt. `failures`: those in a row, this one included."""
    if sent.error is None:
        return SPACING[kind]
    return BLOCKED_FOR if sent.is_throttled else _PAUSES[min(failures, len(_PAUSES)) - 1]


class Message(msgspec.Struct, frozen=True):
    """What one message says: the events, and a text about them."""

    text: str
    events: Sequence[Event]


class AlertCursor(msgspec.Struct, frozen=True):
    """How far a sink has come: the `seq` of the last event that it took. `failures`: those in a row.

    `fence` counts the claims; a write with an older one changes nothing.
    """

    name: str
    seq: int
    failures: int = 0
    fence: int = 0
