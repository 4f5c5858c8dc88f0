"""Only an answer that is about this verification confirms it or rules out a result."""

import pytest

from domain.policy.reasons import Code, Reason
from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from domain.pulls.reading import Confirmed, Unconfirmed, read_answer, read_result
from tests.support.payloads.callbacks import Json, dump, passing_payload, put

BIZ_ID = passing_payload()["biz_info"]["biz_id"]


def unavailable(detail: str, *, may_change: bool = True, is_unread: bool = False) -> Unconfirmed:
    return Unconfirmed(Reason(Code.CONFIRMATION_UNAVAILABLE, detail), may_change, is_unread)


def refused(error: str) -> Answer:
    return Answer(PullState.DONE, 400, error)


def test_the_result_of_this_verification_confirms_it() -> None:
    body = dump(passing_payload())
    reading = read_answer(Answer(PullState.DONE, 200, body=body), biz_id=BIZ_ID, is_completed=True)
    assert isinstance(reading, Confirmed)
    assert reading == read_result(body, biz_id=BIZ_ID)


@pytest.mark.parametrize(
    ("error", "is_completed", "may_change"),
    [
        ("DATA_DESTROYED", True, False),
        ("RESULT_NOT_FOUND", True, True),
        ("RESULT_NOT_FOUND", False, False),
        ("CONCURRENCY_LIMIT_EXCEEDED", False, True),
        ("AUTHENTICATION_ERROR", False, True),
        ("INTERNAL_ERROR", False, True),
    ],
)
def test_whether_another_call_may_bring_a_result(error: str, is_completed: bool, may_change: bool) -> None:
    reading = read_answer(refused(error), biz_id=BIZ_ID, is_completed=is_completed)
    assert reading == unavailable(error, may_change=may_change)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<html>", unavailable("unreadable result")),
        (b'{"status": "OK"}', unavailable("unreadable result", is_unread=True)),
        (
            put(passing_payload(), "biz_info.biz_id", "1600000000,another"),
            unavailable("result of another biz_id", is_unread=True),
        ),
        (
            passing_payload() | {"status": "PROCESSING"},
            unavailable("the result says that the flow goes on"),
        ),
    ],
    ids=["no JSON", "no biz_id", "another biz_id", "the flow goes on"],
)
def test_a_result_that_confirms_nothing(body: bytes | Json, expected: Unconfirmed) -> None:
    assert read_result(body if isinstance(body, bytes) else dump(body), biz_id=BIZ_ID) == expected
