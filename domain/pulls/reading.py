"""Read an answer of get_result: the vendor's result, or why there is none."""

from typing import assert_never

import msgspec

from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.callback.words import is_open
from domain.errors import MalformedPayload, UndecodableCallback
from domain.policy.reasons import Code, Reason
from domain.pulls.answer import Answer, Kind


class Confirmed(msgspec.Struct, frozen=True):
    """The vendor's result of a flow that has ended."""

    result: Payload


class Unconfirmed(msgspec.Struct, frozen=True):
    """There is no result; why.

    `may_change`: another call may bring one. `is_unread`: the vendor sent a result, but it does not show that
    it is about this verification, so a person must look.
    """

    reason: Reason
    may_change: bool = False
    is_unread: bool = False


Reading = Confirmed | Unconfirmed


def read_answer(answer: Answer, *, biz_id: str, is_completed: bool) -> Reading:
    """Read the answer to a call for `biz_id`; `is_completed`: its user went through the flow to its end, so
    the vendor must have a result."""
    match answer.kind:
        case Kind.RESULT:
            return read_result(answer.body or b"", biz_id=biz_id)
        case Kind.DESTROYED:
            return _unavailable(answer.error or "")
        case Kind.NOTHING:
            return _unavailable(answer.error or "", may_change=is_completed)
        case Kind.BUSY | Kind.REFUSED | Kind.FAULT:
            return _unavailable(answer.error or "", may_change=True)
        case kind:
            assert_never(kind)


def read_result(body: bytes, *, biz_id: str) -> Reading:
    """Read the body of a result of `biz_id`."""
    try:
        result = decode_payload(body)
    except MalformedPayload:
        return _unavailable("unreadable result", may_change=True)
    except UndecodableCallback:
        return _unavailable("unreadable result", may_change=True, is_unread=True)
    if result.biz_id != biz_id:
        return _unavailable("result of another biz_id", may_change=True, is_unread=True)
    if is_open(result.status_word):
        return _unavailable("the result says that the flow goes on", may_change=True)
    return Confirmed(result)


def _unavailable(detail: str, *, may_change: bool = False, is_unread: bool = False) -> Unconfirmed:
    return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, detail), may_change, is_unread)
