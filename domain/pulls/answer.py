"""The answer to a get_result call, and whether it is about this verification.

Any other answer is about the vendor, the network or our settings. Such a fault may be temporary, so the call
is repeated within the budget.
"""

from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from domain.pulls.budget import PullState

UNREADABLE: Final = "UNREADABLE_ANSWER"
"""Our error for a 200 that is not a JSON object, such as a proxy's page or a truncated body."""


class Kind(StrEnum):
    """The kind of an answer.

    About this verification: `result` its result · `destroyed` the vendor no longer keeps one · `nothing` the
    vendor has none for this request now. About every verification: `busy` too many calls at once ·
    `refused` our key, secret or address · `fault` anything else.
    """

    RESULT = "result"
    DESTROYED = "destroyed"
    NOTHING = "nothing"
    BUSY = "busy"
    REFUSED = "refused"
    FAULT = "fault"


_WORDS: Final = {
    "DATA_DESTROYED": Kind.DESTROYED,
    "RESULT_NOT_FOUND": Kind.NOTHING,
    "BAD_ARGUMENTS": Kind.NOTHING,
    "MISSING_ARGUMENTS": Kind.NOTHING,
    "CONCURRENCY_LIMIT_EXCEEDED": Kind.BUSY,
    "HTTP_429": Kind.BUSY,
    "AUTHENTICATION_ERROR": Kind.REFUSED,
    "AUTHORIZATION_ERROR": Kind.REFUSED,
    "API_NOT_FOUND": Kind.REFUSED,
    "HTTP_401": Kind.REFUSED,
}
"""The vendor's errors (protocol, 4), and those of proxies. The HTTP status is ignored: the same errors come
with 200, 400 and 404."""


class Answer(msgspec.Struct, frozen=True, dict=True):
    """`body` is set only for HTTP 200; `error` is a stable word, the vendor's or ours."""

    state: PullState
    http_status: int | None = None
    error: str | None = None
    body: bytes | None = None

    @cached_property
    def kind(self) -> Kind:
        """What the answer is about, by its error."""
        if self.error is not None:
            return _WORDS.get(self.error, Kind.FAULT)
        return Kind.RESULT if self.body is not None else Kind.FAULT


def is_refusal(error: str) -> bool:
    """Whether this error means that our key, secret or address is refused."""
    return _WORDS.get(error) is Kind.REFUSED


def says_nothing(error: str | None) -> bool:
    """Whether an answer with this error is not about its verification."""
    return error is not None and _WORDS.get(error, Kind.FAULT) in {Kind.BUSY, Kind.REFUSED, Kind.FAULT}
