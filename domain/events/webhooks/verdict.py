"""The verdict on an attempt."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.events.webhooks.way import Answer, Fault, NotSent

_GONE: Final = 410
_THROTTLED: Final = frozenset({429, 503})


class Verdict(StrEnum):
    """`delivered` only for 2xx · `gone`: the receiver asked for no more events · `retry`: everything else."""

    DELIVERED = "delivered"
    GONE = "gone"
    RETRY = "retry"


class Judged(msgspec.Struct, frozen=True):
    """An attempt's verdict. `error` is a word for lists; None if it was delivered."""

    verdict: Verdict
    fault: Fault | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def counts_against_receiver(self) -> bool:
        """Whether the endpoint's failures count up."""
        return self.fault is Fault.RECEIVER


def judge(attempt: Answer | NotSent) -> Judged:
    """The verdict on an attempt. A redirect is a failure: it is not followed."""
    if isinstance(attempt, NotSent):
        return Judged(Verdict.RETRY, attempt.fault, attempt.error)
    if is_success(attempt.status):
        return Judged(Verdict.DELIVERED)
    error = f"status_{attempt.status}"
    if attempt.status == _GONE:
        return Judged(Verdict.GONE, Fault.RECEIVER, error)
    wish = attempt.retry_after if attempt.status in _THROTTLED else None
    return Judged(Verdict.RETRY, Fault.RECEIVER, error, wish)


def is_success(status: int | None) -> bool:
    """Whether an answer with this status takes the event: 2xx alone. None: there was no answer."""
    return status is not None and 200 <= status < 300
