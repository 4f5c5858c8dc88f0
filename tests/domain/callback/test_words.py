"""The vendor's statuses: the flow is running, or it has ended."""

import pytest

from domain.callback.words import is_ended, is_open


@pytest.mark.parametrize(
    ("status", "still_open", "ended"),
    [
        ("NOT_STARTED", True, False),
        ("PROCESSING", True, False),
        ("OK", False, True),
        ("FAILED", False, True),
        ("CANCELLED", False, True),
        ("TIMEOUT", False, True),
        ("WEBRTC_UNSUPPORTED", False, True),
        ("SOMETHING_NEW", False, False),
        (None, False, False),
    ],
)
def test_open_and_ended(status: str | None, still_open: bool, ended: bool) -> None:
    assert (is_open(status), is_ended(status)) == (still_open, ended)
