"""The text of a message about some events, in Chinese or English, without identity."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Final, NamedTuple

from domain.events.alerts.sink import Language
from domain.events.event import Event, EventType

MAX_BYTES: Final = 2000
"""WeCom takes texts of 2048 bytes, the others longer ones."""

_LONGEST_VALUE: Final = 80
_CUT: Final = "…"


class _Words(NamedTuple):
    chinese: str
    english: str

    def in_language(self, language: Language) -> str:
        return self.chinese if language is Language.CHINESE else self.english


_MEANINGS: Final[Mapping[str, _Words]] = {
    EventType.APPROVED: _Words("核身判定为通过", "A verification was approved"),
    EventType.REJECTED: _Words("核身判定为不通过", "A verification was rejected"),
    EventType.REVIEW: _Words("核身需要人工审核", "A verification needs a person"),
    EventType.INCOMPLETE: _Words("用户没有完成核身流程", "A user did not finish the flow"),
    EventType.REVIEWED: _Words("人工审核已有结论", "A review is concluded"),
    EventType.EXPIRED: _Words("核身没有结果，已过期", "A verification expired without a result"),
    EventType.CONFLICT: _Words("后到的回调与先前的矛盾", "A later callback contradicts the first one"),
    EventType.ERASED: _Words("核身的身份信息已删除", "A verification's identity was erased"),
    EventType.REVIEW_OVERDUE: _Words("审核单已超期", "A review case is overdue"),
    EventType.ENDPOINT_FAILING: _Words(
        "webhook 端点连续失败，将被停用", "A webhook endpoint keeps failing and will be disabled"
    ),
    EventType.ENDPOINT_DISABLED: _Words("webhook 端点已停用", "A webhook endpoint is disabled"),
    EventType.DELIVERY_EXHAUSTED: _Words(
        "事件投递失败，不再重试", "An event was not delivered and is not retried"
    ),
    EventType.DEAD_LETTER_CREATED: _Words("出现一封死信", "A callback became a dead letter"),
    EventType.POLICY_ACTIVATED: _Words("策略已生效", "A policy came into force"),
    EventType.AUDIT_CHECKPOINT: _Words("审计记录已封块", "A block of the audit was closed"),
}
_HEAD: Final = _Words("faceid-gateway：{count} 个事件", "faceid-gateway: {count} events")
_HEAD_OF_ONE: Final = _Words("faceid-gateway：1 个事件", "faceid-gateway: 1 event")
_APP: Final = _Words("应用 {app}", "app {app}")
_REST: Final = _Words("……另有 {count} 行，见事件日志", "… and {count} more lines: see the event log")


def text_about(events: Sequence[Event], language: Language) -> str:
    """A heading, then a line for each type and app, at most `MAX_BYTES` in UTF-8."""
    head = (_HEAD_OF_ONE if len(events) == 1 else _HEAD).in_language(language).format(count=len(events))
    lines = [_line(alike, language) for alike in _folded(events)]
    text = "\n".join([head, *lines])
    shown = len(lines)
    while len(text.encode()) > MAX_BYTES:
        shown -= 1
        rest = _REST.in_language(language).format(count=len(lines) - shown)
        text = "\n".join([head, *lines[:shown], rest])
    return text


def _folded(events: Iterable[Event]) -> list[list[Event]]:
    """The events of each type and app, in the order of the first."""
    groups: dict[tuple[str, str | None], list[Event]] = {}
    for event in events:
        groups.setdefault((event.type, event.app_id), []).append(event)
    return list(groups.values())


def _line(alike: Sequence[Event], language: Language) -> str:
    last = alike[-1]
    count = f" × {len(alike)}" if len(alike) > 1 else ""
    meaning = _MEANINGS.get(last.type)
    parts = [f"{last.type}{count}"]
    if meaning is not None:
        parts.append(meaning.in_language(language))
    if last.app_id is not None:
        parts.append(_APP.in_language(language).format(app=last.app_id))
    parts += [f"{name}={_short(str(value))}" for name, value in last.body.detail.items()]
    parts.append(f"{last.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    return " · ".join(parts)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + _CUT
