"""How a get_result call ended, and the one question that decides what follows: is it about this verification?

Whatever is not about it says something of the vendor, the network or our settings. That may pass, so the call
is made again within the budget.
"""

from enum import StrEnum
from typing import Final

import msgspec

from domain.pulls.budget import PullState

UNREADABLE: Final = "UNREADABLE_ANSWER"
"""Our word for a 200 that is no JSON object: a page of a proxy, a body that was cut off."""


class Answer(msgspec.Struct, frozen=True):
    """`body` stands for HTTP 200 alone; `error` is a stable word, the vendor's or ours."""

    state: PullState
    http_status: int | None = None
    error: str | None = None
    body: bytes | None = None


class Kind(StrEnum):
    """What an answer is about.

    This verification: `result` its result, to be read · `destroyed` the vendor keeps none any more ·
    `nothing` the vendor has none for this request, now. Every verification: `busy` too many calls at once ·
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
"""The vendor's words (protocol, 4), and what proxies say in its place. The status beside a word is not asked:
the same words come with 200, 400 and 404."""


def kind_of(answer: Answer) -> Kind:
    """What `answer` is about."""
    if answer.error is not None:
        return _WORDS.get(answer.error, Kind.FAULT)
    return Kind.RESULT if answer.body is not None else Kind.FAULT


def is_refusal(error: str) -> bool:
    """Whether this word refuses our key, secret or address."""
    return _WORDS.get(error) is Kind.REFUSED


def says_nothing(error: str | None) -> bool:
    """Whether an answered call with this word said nothing about its verification."""
    return error is not None and _WORDS.get(error, Kind.FAULT) in {Kind.BUSY, Kind.REFUSED, Kind.FAULT}
