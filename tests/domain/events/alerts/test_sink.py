"""No sink gets more messages than its vendor allows."""

from datetime import timedelta

import pytest

from domain.events.alerts.sink import BLOCKED_FOR, SPACING, AlertSink, Sent, SinkKind, pause_after

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "limit", "within"),
    [
        (SinkKind.DINGTALK, 20, MINUTE),
        (SinkKind.WECOM, 20, MINUTE),
        (SinkKind.FEISHU, 100, MINUTE),
        (SinkKind.FEISHU, 5, timedelta(seconds=1)),
    ],
)
def test_messages_stay_below_the_vendors_limit(kind: SinkKind, limit: int, within: timedelta) -> None:
    assert within // SPACING[kind] + 1 <= limit


def test_a_sink_that_took_a_message_rests_for_its_spacing() -> None:
    assert pause_after(Sent(), kind=SinkKind.DINGTALK, failures=0) == SPACING[SinkKind.DINGTALK]


def test_failures_in_a_row_are_retried_ever_more_rarely() -> None:
    pauses = [
        pause_after(Sent("timeout"), kind=SinkKind.FEISHU, failures=n).total_seconds() for n in range(1, 7)
    ]
    assert pauses == [5, 30, 120, 600, 600, 600]


def test_a_sink_that_wants_fewer_messages_rests_as_long_as_dingtalk_blocks() -> None:
    throttled = Sent("code_130101", is_throttled=True)
    assert pause_after(throttled, kind=SinkKind.DINGTALK, failures=1) == BLOCKED_FOR


def test_the_representation_shows_neither_url_nor_secret() -> None:
    assert repr(AlertSink("ops", SinkKind.FEISHU, "https://h/token", "s")) == (
        "AlertSink(name='ops', kind='feishu')"
    )
