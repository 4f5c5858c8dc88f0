"""The vendor in memory, with its real limits: a result is kept for one day and three calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.apps.app import App
from domain.pulls.answer import UNREADABLE, Answer
from domain.pulls.budget import PULL_LIMIT, PullState
from tests.support.memory.servers import next_turn

KEPT: Final = timedelta(days=1)


class Fault(StrEnum):
    """What the vendor or the network does to a call."""

    NOT_SENT = "not sent"
    TIMED_OUT_BEFORE = "timed out before it was counted"
    TIMED_OUT_AFTER = "timed out after it was counted"
    BROKEN = "500"
    BUSY = "too many at once"
    LOST = "not found"
    DESTROYED = "destroyed"
    ANOTHER = "the result of another"
    UNREADABLE = "unreadable"
    REFUSED = "another secret"


_COUNTED: Final = {
    Fault.TIMED_OUT_AFTER: Answer(PullState.UNKNOWN, error="TIMEOUT"),
    Fault.BROKEN: Answer(PullState.DONE, 500, "HTTP_500"),
    Fault.BUSY: Answer(PullState.DONE, 403, "CONCURRENCY_LIMIT_EXCEEDED"),
    Fault.LOST: Answer(PullState.DONE, 400, "RESULT_NOT_FOUND"),
    Fault.DESTROYED: Answer(PullState.DONE, 403, "DATA_DESTROYED"),
    Fault.UNREADABLE: Answer(PullState.DONE, 200, UNREADABLE, b"<html>"),
    Fault.REFUSED: Answer(PullState.DONE, 403, "AUTHENTICATION_ERROR"),
}
_UNCOUNTED: Final = {
    Fault.NOT_SENT: Answer(PullState.NOT_SENT, error="CONNECT_FAILED"),
    Fault.TIMED_OUT_BEFORE: Answer(PullState.UNKNOWN, error="TIMEOUT"),
}
_TOLD: Final = _COUNTED | _UNCOUNTED


@dataclass
class Result:
    """What the vendor keeps of one verification, since when, and how many calls it has counted."""

    body: bytes
    kept_since: datetime
    calls: int = 0


@dataclass
class MemoryVendor:
    """`faults`: what happens to the next calls, one each. `asked`: every call that reached the vendor.
    `gave`: each result that it gave away, and whose it is."""

    clock: Callable[[], datetime]
    turn: Callable[[], Awaitable[None]] = next_turn
    results: dict[str, Result] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    gave: set[tuple[str, bytes]] = field(default_factory=set)

    async def get_result(self, app: App, biz_id: str) -> Answer:
        await self.turn()
        answer = self._answer(biz_id, self.faults.pop(0) if self.faults else None)
        await self.turn()
        return answer

    def _answer(self, biz_id: str, fault: Fault | None) -> Answer:
        if fault in _UNCOUNTED:
            return _TOLD[fault]
        self.asked.append(biz_id)
        result = self.results.get(biz_id)
        if result is None:
            return _TOLD[Fault.LOST]
        result.calls += 1
        if result.calls > PULL_LIMIT or self.clock() >= result.kept_since + KEPT:
            return _TOLD[Fault.DESTROYED]
        if fault is Fault.ANOTHER:
            others = [other.body for name, other in self.results.items() if name != biz_id]
            return Answer(PullState.DONE, 200, body=others[0]) if others else _TOLD[Fault.LOST]
        if fault is not None:
            return _TOLD[fault]
        self.gave.add((biz_id, result.body))
        return Answer(PullState.DONE, 200, body=result.body)
