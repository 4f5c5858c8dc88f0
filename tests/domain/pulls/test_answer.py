"""Each answer of get_result is about this verification, or about the vendor or our settings."""

import pytest

from domain.pulls.answer import Answer, Kind, says_nothing
from domain.pulls.budget import PullState

DONE, UNKNOWN = PullState.DONE, PullState.UNKNOWN


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("DATA_DESTROYED", Kind.DESTROYED),
        ("RESULT_NOT_FOUND", Kind.NOTHING),
        ("BAD_ARGUMENTS", Kind.NOTHING),
        ("MISSING_ARGUMENTS", Kind.NOTHING),
        ("CONCURRENCY_LIMIT_EXCEEDED", Kind.BUSY),
        ("AUTHENTICATION_ERROR", Kind.REFUSED),
        ("AUTHORIZATION_ERROR", Kind.REFUSED),
        ("API_NOT_FOUND", Kind.REFUSED),
        ("INTERNAL_ERROR", Kind.FAULT),
        ("A_WORD_OF_TOMORROW", Kind.FAULT),
        ("UNREADABLE_ANSWER", Kind.FAULT),
    ],
)
def test_a_word_means_the_same_with_every_status(status: int, error: str, kind: Kind) -> None:
    assert Answer(DONE, status, error).kind is kind
    assert Answer(DONE, status, error, b"{}").kind is kind
    assert says_nothing(error) is (kind in {Kind.BUSY, Kind.REFUSED, Kind.FAULT})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(DONE, 200, body=b"{}"), Kind.RESULT),
        (Answer(DONE, 429, "HTTP_429"), Kind.BUSY),
        (Answer(DONE, 401, "HTTP_401"), Kind.REFUSED),
        (Answer(UNKNOWN, error="TIMEOUT"), Kind.FAULT),
        (Answer(PullState.NOT_SENT, error="CONNECT_FAILED"), Kind.FAULT),
        *((Answer(DONE, n, f"HTTP_{n}"), Kind.FAULT) for n in (100, 204, 302, 403, 404, 408, 418, 502, 599)),
    ],
)
def test_what_is_no_word_of_the_vendor(answer: Answer, kind: Kind) -> None:
    assert answer.kind is kind
