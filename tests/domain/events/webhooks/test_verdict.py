"""Only 2xx is success; only the receiver's faults count against it."""

from datetime import timedelta

import pytest

from domain.events.webhooks.verdict import Judged, Verdict, judge
from domain.events.webhooks.way import Answer, Fault, NotSent, Way


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    assert judge(Answer(status)) == Judged(Verdict.DELIVERED)


@pytest.mark.parametrize("status", [100, 301, 302, 307, 308, 400, 401, 404, 500, 502])
def test_anything_else_is_tried_again(status: int) -> None:
    judged = judge(Answer(status, retry_after=timedelta(seconds=9)))
    assert judged == Judged(Verdict.RETRY, Fault.RECEIVER, f"status_{status}")


def test_410_is_gone() -> None:
    assert judge(Answer(410)).verdict is Verdict.GONE


@pytest.mark.parametrize("status", [429, 503])
def test_a_throttling_receiver_says_when(status: int) -> None:
    assert judge(Answer(status, retry_after=timedelta(seconds=9))).retry_after == timedelta(seconds=9)


@pytest.mark.parametrize("fault", list(Fault))
def test_only_the_receivers_faults_count_against_it(fault: Fault) -> None:
    judged = judge(NotSent(fault, "timeout"))
    assert judged.verdict is Verdict.RETRY
    assert judged.counts_against_receiver is (fault is Fault.RECEIVER)


def test_a_way_shows_nothing_of_it() -> None:
    way = Way("https://crm.example", headers=(("authorization", "Bearer hush"),), client_certificate="KEY")
    assert repr(way) == "Way(...)"
