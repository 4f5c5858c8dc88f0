"""What every kind of sink has in common: a JSON request, and an answer with a code."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from domain.events.alerts.sink import Sent
from domain.events.webhooks.verdict import Verdict, judge
from domain.events.webhooks.way import Answer, NotSent

JSON: Final = MappingProxyType({"content-type": "application/json; charset=utf-8"})
_TOO_MANY_REQUESTS: Final = 429


class SinkRequest(msgspec.Struct, frozen=True):
    """A signed request. The URL holds a token, and the repr shows nothing of it."""

    url: str
    body: bytes
    headers: Mapping[str, str] = JSON

    def __repr__(self) -> str:
        return "SinkRequest()"


def taken(answer: Answer | NotSent) -> Sent:
    """The end of an attempt by the HTTP status alone."""
    judged = judge(answer)
    is_throttled = isinstance(answer, Answer) and answer.status == _TOO_MANY_REQUESTS
    return Sent(None if judged.verdict is Verdict.DELIVERED else judged.error, is_throttled)


def taken_by_robot(answer: Answer | NotSent, *, code_name: str, throttled: Collection[int]) -> Sent:
    """The end of an attempt at a robot, which refuses with status 200 and a code other than 0."""
    sent = taken(answer)
    if sent.error is not None or not isinstance(answer, Answer):
        return sent
    code = _code(answer.head, code_name)
    if code == 0:
        return Sent()
    return Sent("bad_answer" if code is None else f"code_{code}", code in throttled)


def _code(head: bytes, name: str) -> int | None:
    try:
        answer: Any = msgspec.json.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code = answer.get(name) if isinstance(answer, dict) else None
    return code if type(code) is int else None
